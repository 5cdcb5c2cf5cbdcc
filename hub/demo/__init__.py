"""A hub to try: eight invented partners, twelve invented stories, and somebody who keeps publishing."""
