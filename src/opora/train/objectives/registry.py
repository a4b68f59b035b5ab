"""The methods by their names in a recipe."""

from opora.train.objectives.base import Method
from opora.train.objectives.dpo import DPO
from opora.train.objectives.sft import SFT
from opora.train.objectives.simpo import SIMPO

METHODS: dict[str, Method] = {"sft": SFT, "simpo": SIMPO, "dpo": DPO}
