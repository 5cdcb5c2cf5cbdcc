"""The boards there are: by kind of thing, what is answered as `board` of its dossier."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from projections.boards.actions.board import action_board
from projections.boards.impact.distribution import impact_of
from projections.boards.indicators.board import dataset_board, indicator_board
from projections.boards.joining import joined
from projections.boards.law.policy import policy_board
from projections.boards.papers import Papers
from projections.boards.promises.board import commitment_board
from projections.boards.risk.board import lawyer_board
from projections.boards.statements.board import statement_board
from projections.boards.statements.pledged import demands_behind
from projections.boards.support.board import need_board, offer_board, support_board
from projections.boards.trials.hearing import hearing_board
from projections.boards.trials.trial import trial_board
from projections.boards.truth.threat import threat_board

Json = Any
Board = Callable[[Papers, str], Json]

_FIELDS: Mapping[str, Mapping[str, Board]] = {
    "action": {"impact": impact_of},
    "case": {"impact": impact_of},
    "commitment": {"answers": demands_behind, "impact": impact_of},
    "statement": {"impact": impact_of},
    "support": {"impact": impact_of},
}
"""Kind of thing → fields that another part fills."""

BOARDS: Mapping[str, Board] = MappingProxyType(
    joined(
        {
            "action": action_board,
            "commitment": commitment_board,
            "dataset": dataset_board,
            "hearing": hearing_board,
            "indicator": indicator_board,
            "lawyer": lawyer_board,
            "need": need_board,
            "offer": offer_board,
            "policy": policy_board,
            "statement": statement_board,
            "support": support_board,
            "threat": threat_board,
            "trial": trial_board,
        },
        _FIELDS,
    )
)
"""Kind of thing → its board, of a reference to go by."""
