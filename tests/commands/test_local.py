"""`local`, while another terminal ends what it looks at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import BotoCoreError

from miztiik_events.commands import local
from miztiik_events.errors import MiztiikError
from shared_aws import TestAws

NOBODYS_PORT = 1


def test_one_that_was_ended_is_told_also_when_the_next_runs_already(local_aws: TestAws) -> None:
    present = local_aws.running
    past = replace(present, address=replace(present.address, port=NOBODYS_PORT))
    with pytest.raises(MiztiikError, match="was ended meanwhile"):
        list(local._rows(past))


def test_what_still_runs_is_not_told_to_have_ended(local_aws: TestAws) -> None:
    error = BotoCoreError()
    with pytest.raises(BotoCoreError), local._told_when_ended(local_aws.running):
        raise error
