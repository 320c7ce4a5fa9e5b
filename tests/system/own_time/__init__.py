"""Stories of one deployed project, whose time goes where the tests want it; the last changes it."""
