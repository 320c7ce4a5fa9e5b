"""`aws:SecureTransport` in policies.

The AWS on this machine speaks plain HTTP, so a policy that denies what does not come over TLS would
deny everything. Nothing here leaves the machine: a request over loopback counts as secure.
"""

from __future__ import annotations

from ..requirements import require


def fill() -> None:
    from ministack import app

    require(app, "pin_request_origin")
    pin = app.pin_request_origin

    def pin_as_secure(source_ip: str, secure_transport: bool) -> None:
        pin(source_ip, True)

    app.pin_request_origin = pin_as_secure
