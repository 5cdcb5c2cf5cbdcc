"""Did it help, who says so, how do we know: distributions, never averages, and no word about causes."""
