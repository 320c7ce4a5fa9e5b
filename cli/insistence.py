"""Asking AWS again while a command waits: a failed look is not a failed deployment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .aws_errors import is_broken_off, is_refused_for_now, is_unanswered, translate
from .errors import ConfigurationError, WaitTimeoutError
from .patience import GROWTH, LONGEST, OUTAGE_SECONDS, CancelledError, Patience

if TYPE_CHECKING:
    import boto3

Say = Callable[[str], None]
FIRST_PAUSE = 0.5
# For how long to ask where connections break, and nothing has answered yet.
CONTACT_SECONDS = 60.0
WAY_BACK = (
    "What AWS was asked to do continues there; run the same command again to go on waiting for it"
)
# What would happen twice when it is asked for again and the answer alone was lost. All else is a
# look, has a token, or is refused when it has been done already.
_ONCE = ("Invoke", "PutEvents", "PutRecord", "PutRecords", "SendMessage", "SendMessageBatch")


@contextlib.contextmanager
def insisting(
    session: boto3.session.Session,
    patience: Patience | None,
    say: Say = lambda text: None,
    way_back: str = WAY_BACK,
    *,
    has_answered: bool = False,
) -> Iterator[None]:
    """Have the clients that are made in the block ask again what AWS did not answer.

    That is throttling, an error of AWS's own, a connection that broke, an answer that cannot be
    read; `say` is told of each kind once, in the thread that asked. An address that cannot be
    reached and never `has_answered` is not asked again: it may be the wrong one; and where all that
    comes is connections that break, a minute is enough. Raises
    WaitTimeoutError when the patience is over, by default OUTAGE_SECONDS after the first time
    without an answer; CancelledError when it is cancelled; and ConfigurationError with the
    `way_back` when credentials end in between. In a block within a block, the inner one counts.
    """
    insistence = _Insistence(patience, say, way_back, has_answered)

    def insist(base_classes: list[type[Any]], **_: Any) -> None:
        plain = [kind for kind in base_classes if not hasattr(kind, "insistence")]
        base_classes[:] = [_client_class(insistence), *plain]

    session.events.register("creating-client-class", insist)
    try:
        yield
    finally:
        session.events.unregister("creating-client-class", insist)


def _client_class(answering: _Insistence) -> type[Any]:
    from botocore.client import BaseClient

    class InsistentClient(BaseClient):
        """https://docs.aws.amazon.com/boto3/latest/guide/clientcreation.html: a base of its own."""

        insistence = answering

        def _make_api_call(self, operation_name: str, api_params: Any) -> Any:
            call = super()._make_api_call  # type: ignore[misc]
            address = self.meta.endpoint_url
            return answering.answer(
                operation_name, address, lambda: call(operation_name, api_params)
            )

    return InsistentClient


@dataclass
class _Insistence:
    patience: Patience | None
    say: Say
    way_back: str
    has_answered: bool
    _answered: set[str] = field(default_factory=set)
    _said: set[str] = field(default_factory=set)

    def answer(self, operation: str, address: str, ask: Callable[[], Any]) -> Any:
        """The answer, however often it takes; each time AWS is asked, botocore tries five times."""
        pause, patience, contact = FIRST_PAUSE, self.patience, Patience(CONTACT_SECONDS)
        while True:
            try:
                answer = ask()
            except Exception as error:
                if not self._may_pass(operation, address, error, contact):
                    self._raise_with_way_back(address, error)
                    raise
                self._note_refusal(address, error)
                patience = patience or Patience(OUTAGE_SECONDS)
                self._wait(operation, error, patience, pause)
            else:
                self._answered.add(address)
                return answer
            pause = min(pause * GROWTH, LONGEST)

    def _may_pass(self, operation: str, address: str, error: Exception, contact: Patience) -> bool:
        if operation in _ONCE:
            return is_refused_for_now(error) == "before it began"
        is_known = self.has_answered or address in self._answered
        # Somebody is there. With another address right, it is AWS; else it may be for a while.
        is_known |= is_broken_off(error) and (bool(self._answered) or not contact.is_over)
        return bool(is_refused_for_now(error)) or (is_known and is_unanswered(error))

    def _raise_with_way_back(self, address: str, error: Exception) -> None:
        """For credentials, which were good when AWS answered before."""
        ours = translate(error)
        was_good = (self.has_answered or self._answered) and not is_unanswered(error)
        if was_good and isinstance(ours, ConfigurationError):
            raise ConfigurationError(f"{ours}\n  {self.way_back}") from error
        self._note_refusal(address, error)

    def _note_refusal(self, address: str, error: Exception) -> None:
        """It is an answer, too."""
        if getattr(error, "response", None):
            self._answered.add(address)

    def _wait(self, operation: str, error: Exception, patience: Patience, pause: float) -> None:
        reason = str(translate(error)).partition(". Check the network")[0].rstrip(".")
        response = getattr(error, "response", None) or {}
        kind = response.get("Error", {}).get("Code") or type(error).__name__
        if patience.is_over:
            seconds = f"{patience.seconds:g} s"
            raise WaitTimeoutError(
                f"{reason}; so it was until {seconds} were over. {self.way_back}"
            )
        if kind not in self._said:
            self._said.add(kind)
            self.say(f"{reason}; asking again")
        patience.pause(operation, pause)
        if patience.cancelled.is_set():
            raise CancelledError(operation)
