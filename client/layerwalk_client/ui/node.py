"""The panel of one node: what it is, how its values, weights and gradients are spread, what function
it computes, how its kernels look."""

from __future__ import annotations

from dataclasses import dataclass, field

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button, choice
from layerwalk_client.ui.intents import Intent, OpenChannel, OpenMaximise
from layerwalk_client.ui.node_curve import FunctionTab
from layerwalk_client.ui.node_kernels import KernelView, kernels_tab
from layerwalk_client.ui.node_numbers import GradientFacts, gradients_tab, values_tab
from layerwalk_client.ui.style import Style
from layerwalk_client.ui.widgets import panel, shortened, small
from layerwalk_client.world.activation_curves import is_activation
from layerwalk_client.world.settings_line import settings_line
from layerwalk_client.world.terms import shape_line
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import ValueStatistics

NO_TRAINING = "No training is told of: layerwalk.watch and publish tell the gradients of each step."
NO_GRADIENTS = "This step told no gradients of this node."


@dataclass(slots=True)
class NodePanel:
    """Mutable, owned by the main thread: facts arrive after the panel was opened.

    Attributes:
        node: what the panel is about.
        index: of the node in its graph.
        unit: that was pointed at; None: none.
        statistics: of its values; None while on their way.
        weights: of its weights; None while on their way, or when there are none.
        gradients: of a training's step; None: none are told of.
        has_training: there is a training.
        function: its curve, of an activation.
        kernels: a page of its weights; None while on its way.
        problem: why something is missing, for people.
        tab: which part is seen.
    """

    node: Node
    index: int = 0
    unit: int | None = None
    statistics: ValueStatistics | None = None
    weights: ValueStatistics | None = None
    gradients: GradientFacts | None = None
    has_training: bool = False
    function: FunctionTab = field(default_factory=FunctionTab)
    kernels: KernelView | None = None
    problem: str = ""
    tab: str = ""
    is_log: bool = True

    size_wh = (540, 574)
    is_aside = True

    def __post_init__(self) -> None:
        if not self.tab:
            self.tab = "function" if is_activation(self.node) else "values"

    @property
    def title(self) -> str:
        return self.node.id

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """What there is to see of this node: key and text."""
        names = ["values"]
        if is_activation(self.node):
            names.insert(0, "function")
        if self.node.parameters:
            names += ["weights", "gradients", "kernels"]
        return tuple((name, name) for name in names)

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        node = self.node
        with panel(style, node.id) as intents:
            facts = [node.operation, shape_line(node), node.dtype]
            if node.parameters:
                facts.append(f"{node.parameters:,} parameters".replace(",", "\N{THIN SPACE}"))
            small(style, "   ".join(fact for fact in facts if fact))
            settings = settings_line(node)
            if settings:
                wide = imgui.get_content_region_avail().x
                fitting = shortened(settings, wide, lambda one: imgui.calc_text_size(one).x)
                small(style, fitting, colour=look.TEXT)
            if node.error:
                imgui.push_text_wrap_pos(0.0)
                imgui.text_colored(imgui.ImVec4(*look.MARK), node.error)
                imgui.pop_text_wrap_pos()
            imgui.dummy((1, style.px(1)))
            tabs = self.tabs
            if len(tabs) > 1:
                self.tab = choice(style, "tab", tabs, self.tab) or self.tab
            if node.kind != "input" and not node.error:
                if len(tabs) > 1:
                    imgui.same_line(0, style.px(14))
                intents.extend(self._maximise(style))
            imgui.dummy((1, style.px(1)))
            intents.extend(self._part(style))
        return intents

    def _part(self, style: Style) -> list[Intent]:
        if self.tab == "kernels":
            return kernels_tab(style, self.kernels, node=self.node.id)
        if self.tab == "function":
            self.function.draw(style)
        elif self.tab == "gradients":
            if self.gradients is None:
                small(style, NO_GRADIENTS if self.has_training else NO_TRAINING)
            else:
                self.is_log = gradients_tab(style, self.gradients, is_log=self.is_log)
        else:
            found, what = self.statistics, "channels"
            if self.tab == "weights":
                found, what = self.weights, "filters"
            if found is None:
                small(style, self.problem or "\N{HORIZONTAL ELLIPSIS}")
            else:
                self.is_log = values_tab(style, found, what=what, is_log=self.is_log)
        return []

    def _maximise(self, style: Style) -> list[Intent]:
        intents: list[Intent] = []
        if button(style, "maximise", colour=look.ACCENT):
            intents.append(OpenMaximise(self.index))
        if self.unit is not None:
            imgui.same_line(0, style.px(6))
            text = f"channel {self.unit}"
            if button(style, text, colour=look.ACCENT, name="about unit"):
                intents.append(OpenChannel(self.index, self.unit))
        return intents
