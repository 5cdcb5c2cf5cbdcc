"""The law on paper and in practice: policies, their consultations, and which norms they engage."""
