"""Joint actions: who calls, who commits to which text, and what must hold before anybody is named."""
