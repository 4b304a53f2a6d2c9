"""For all tests: a busy machine fails none of them."""

import hypothesis

# How long an example takes by the wall clock says more about the machine than about the code.
hypothesis.settings.register_profile("unhurried", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("unhurried")
