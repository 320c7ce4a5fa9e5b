"""What the gap modules share: the check that the private names they replace exist."""

from __future__ import annotations

from types import ModuleType

from ..errors import ConfigurationError
from .requirements import MINISTACK


def require(module: ModuleType, *names: str) -> None:
    """Raise ConfigurationError unless the module has all of the names."""
    missing = [name for name in names if not hasattr(module, name)]
    if missing:
        names_missing = f"{module.__name__} has no {', '.join(missing)}"
        raise ConfigurationError(f"{names_missing}; only ministack {MINISTACK} is supported")
