"""What `validate` and `deploy` share: having Flink plan the programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..deploy.program import Program
    from ..local.flink.planning import Refusal
    from .shared_options import Options


def refusal(options: Options, program: Program) -> Refusal | None:
    """What Flink has against it; raises ConfigurationError when it cannot be planned here."""
    from ..local.flink import planning

    return planning.refusal(
        program.code.sources,
        program.properties,
        program.connectors(),
        lambda: options.say(f"Flink plans {program.path}"),
    )
