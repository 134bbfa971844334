"""Texts that decisions rest on are named by what they say."""

from __future__ import annotations

import hashlib


def version_of(text: str) -> str:
    """Of a policy, a form, or what was learned; "" of nothing."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest() if text else ""
