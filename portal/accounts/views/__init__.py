"""Sign-in and the own account; `users` and `clerks` are the pages of those who keep other people's."""

from portal.accounts.views.own import activate, locked_out, password_change, profile, sign_in, sign_out

__all__ = ["activate", "locked_out", "password_change", "profile", "sign_in", "sign_out"]
