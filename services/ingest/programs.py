"""Keys of programs that an administrator made on the pages: those with the scope `send` may POST events and plans."""

from pydantic import ValidationError

from services.contracts.accounts import ApiKey, key_that_fits, record_adapter
from services.runtime.follow import followed
from services.runtime.settings import CommonSettings


class Programs:
    """The keys on the accounts topic, as they are made and revoked."""

    def __init__(self, settings: CommonSettings) -> None:
        self._settings = settings
        self._keys: dict[str, ApiKey] = {}

    def admits(self, text: str, now: int) -> bool:
        """Whether a key as a program sends it may send events. `now`: epoch ms."""
        key = key_that_fits(text, self._keys.get, now)
        return key is not None and "send" in key.scopes

    async def run(self) -> None:
        """Read and follow the keys, for ever. While Kafka is away those that were read stay valid."""

        async def nothing(_: object = None) -> None:
            pass

        topic = self._settings.names.accounts
        await followed(self._settings, [topic], what="keys", learn=self.learn, first=nothing, told=nothing)

    def learn(self, key: str, value: bytes | None) -> None:
        """The next record of the topic; of two with one revision the first stands, as in the API."""
        if not key.startswith("key|"):
            return
        if value is None:
            self._keys.pop(key.removeprefix("key|"), None)
            return
        try:
            record = record_adapter.validate_json(value)
        except ValidationError as error:
            raise ValueError(f"not a record of accounts: {error.errors()[0]['msg']}") from None
        if isinstance(record, ApiKey):
            held = self._keys.get(record.id)
            if held is None or record.revision > held.revision:
                self._keys[record.id] = record
