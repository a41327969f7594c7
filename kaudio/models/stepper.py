"""How a model is run one step at a time inside a loop."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keras import ops

from kaudio.layers.packed_stack import PackedStack

if TYPE_CHECKING:
    from kaudio.models.autoregressive import Autoregressive
    from kaudio.models.wavenet import WaveNet


class Stepper:
    """`model.step()`, with what it takes to be fast prepared once for many steps.

    Make it outside of a loop; what the loop carries is `enter(state)`, and `leave()` makes a state
    of it again. This one prepares nothing.

    Args:
        model: The model.
    """

    def __init__(self, model: "Autoregressive") -> None:
        self.model = model

    def enter(self, state: list) -> list:
        """What `step()` carries along, from a state of the model."""
        return state

    def step(self, x: Any, carry: list, conditions: Mapping[str, Any]) -> tuple[Any, list]:
        """As `model.step()`."""
        return self.model.step(x, carry, conditions)

    def leave(self, carry: list) -> list:
        """A state of the model, from what `step()` carries along."""
        return carry


class WaveNetStepper(Stepper):
    """A WaveNet whose weights are laid out for the loop: see `PackedStack`.

    Args:
        model: The model.
        batch_size: Clips side by side, or None where that is not known yet.
    """

    def __init__(self, model: "WaveNet", batch_size: int | None) -> None:
        super().__init__(model)
        self.wavenet = model
        self.trunk = PackedStack(model.trunk, batch_size)
        self.hidden, self.outlet = (
            self.trunk.pack(layer.kernel, layer.bias) for layer in (model.hidden, model.outlet)
        )

    def enter(self, state: list) -> list:
        return [state[0], self.trunk.enter(state[1])]

    def leave(self, carry: list) -> list:
        return [carry[0], self.trunk.leave(carry[1])]

    def step(self, x: Any, carry: list, conditions: Mapping[str, Any]) -> tuple[Any, list]:
        conditions, told = self.wavenet.tell(x, carry[0], conditions)
        y, trunk = self.trunk.step(self.wavenet.heard(x), carry[1], conditions)
        y = ops.relu(self.trunk.product(ops.relu(y), self.hidden))
        return self.trunk.rows(self.trunk.product(y, self.outlet)), [told, trunk]
