"""Holds, certificates of destruction, and what people ask about their own data, one subject a module."""

from portal.retention.models.destruction import HASH_BYTES, Certificate, Hold
from portal.retention.models.request import DataRequest

__all__ = ["HASH_BYTES", "Certificate", "DataRequest", "Hold"]
