"""The results are proven from the raw events; shares no rule with functions/."""
