"""Something in many tables of a portal's database, with attachments: `python -m tests.runtime.backed_up`, with its DATA_DIR."""

import django


def main() -> None:
    """Load a small demo, and keep two files."""
    django.setup()
    # Models can only be imported once Django is set up.
    from portal.accounts.models import User
    from portal.demo.loading import load_demo
    from portal.foundation import attachments
    from tests.accounts.telephone import enrolled

    load_demo(seed=8, branches=2, days=7, force=True)
    by = User.objects.order_by("pk")[0]
    enrolled(by)
    for content in (b"one", bytes(range(256)) * 4000):
        attachments.store(content=content, name="示例.bin", content_type="application/octet-stream", model="test", added_by=by)


if __name__ == "__main__":
    main()
