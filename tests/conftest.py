"""What every test may use: settings of the property tests, and of the collector of garbage."""

import gc
import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default",
    deadline=None,  # machines are shared: time belongs in benchmarks
    derandomize=True,  # a change fails because of what it does, not by luck
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "deep", parent=settings.get_profile("default"), derandomize=False, max_examples=20_000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Thousands of hubs are opened and closed: looking through all that lives as often as usual takes a tenth of the time.
gc.set_threshold(50_000, 20, 50)
