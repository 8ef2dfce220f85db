"""All presets, in the order in which a page lists them: the questions that come with the lab."""

from collections.abc import Mapping
from types import MappingProxyType

from tl_core.experiments.preset import Preset
from tl_core.experiments.presets.advised import ADVISED
from tl_core.experiments.presets.backbones import BACKBONES
from tl_core.experiments.presets.batchnorm import BATCHNORM
from tl_core.experiments.presets.catch_up import CATCH_UP
from tl_core.experiments.presets.data_size import DATA_SIZE
from tl_core.experiments.presets.depth import DEPTH
from tl_core.experiments.presets.initialisation import INITIALISATION
from tl_core.experiments.presets.negative import NEGATIVE
from tl_core.experiments.presets.rates import LEARNING_RATES
from tl_core.experiments.presets.savings import SAVINGS
from tl_core.experiments.presets.settings import SETTINGS
from tl_core.experiments.presets.source import SOURCE

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.id: preset
        for preset in (
            *(DEPTH, DATA_SIZE, LEARNING_RATES, BATCHNORM, CATCH_UP, INITIALISATION, SOURCE, NEGATIVE),
            *(BACKBONES, ADVISED, SAVINGS, SETTINGS),
        )
    }
)
"""Word on the command line → preset."""
