"""The coordinators' questions: who stands alone, who acts, whom to invite; and the ties that follow from deeds."""
