"""The methods by their names in a recipe."""

from opora.train.dpo import DPO
from opora.train.method import Method
from opora.train.sft import SFT
from opora.train.simpo import SIMPO

METHODS: dict[str, Method] = {"sft": SFT, "simpo": SIMPO, "dpo": DPO}
