"""Passwords: argon2 in threads of their own, a few at a time, for each takes 64 MB and some tens of milliseconds."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

AT_ONCE = 2


class Passwords:
    """Makes and checks hashes, with the parameters that argon2-cffi advises (RFC 9106, low memory)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """A new hash, with a salt of its own."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, hash_: str, password: str) -> bool:
        """Whether this is the password. An empty hash takes as long as any and fits nothing."""
        if not hash_ and self._nobodys is None:
            self._nobodys = await self.hash(secrets.token_urlsafe(24))
        async with self._room:
            found = await asyncio.to_thread(self._verify, hash_ or self._nobodys or "", password)
        return found and bool(hash_)

    def is_old(self, hash_: str) -> bool:
        """Whether it was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(hash_)

    def _verify(self, hash_: str, password: str) -> bool:
        try:
            return self._hasher.verify(hash_, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
