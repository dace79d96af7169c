"""Paths and certificates of PyTorch modules: the loss over the whole table, its gradient and Hessian products, in float64.

This module is the only one that imports torch, and it is imported by ``ridgewalk.torch`` when that is first used.
"""
from __future__ import annotations

import copy
from typing import Any, Callable, Iterable, Optional, Union

import numpy as np
import torch as _torch

from ._certificate import Certificate
from ._path import Point
from ._problem import Problem
from ._scale import Scale, Lambdas

__all__ = ["TorchProblem", "problem"]


def _doubled(x: Any) -> Any:
    x = _torch.as_tensor(x).detach().cpu()
    return x.double() if x.is_floating_point() else x


def _batches(data: Any) -> list[tuple[Any, Any]]:
    pair = isinstance(data, (tuple, list)) and len(data) == 2 and not isinstance(data[0], (tuple, list))
    batches = [(_doubled(x), _doubled(y)) for x, y in ([data] if pair else data)]
    if not batches or any(len(x) == 0 for x, _ in batches):
        raise ValueError("data: (inputs, targets), or batches of such, with at least one row each, are wanted")
    for x, y in batches:
        if any(t.is_floating_point() and not bool(_torch.isfinite(t).all()) for t in (x, y)):
            raise ValueError("data: its numbers are not all finite")
    return batches


class _Functions:
    """Value, gradient and products over a float64 copy of the module; the graph of the last point is kept."""

    def __init__(self, module: Any, loss_fn: Callable, batches: list, reduction: str):
        self.module, self.loss_fn, self.batches = module, loss_fn, batches
        total = float(sum(len(x) for x, _ in batches))
        self.shares = [len(x) / total if reduction == "mean" else 1.0 for x, _ in batches]
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self.at: Optional[np.ndarray] = None
        self.graph: Any = None
        self.batched = True

    def put(self, w: np.ndarray) -> None:
        place = 0
        with _torch.no_grad():
            for p in self.parameters:
                p.data.copy_(_torch.from_numpy(w[place:place + p.numel()]).view_as(p))
                place += p.numel()

    def loss(self) -> Any:
        total = 0.0
        for (x, y), share in zip(self.batches, self.shares):
            value = self.loss_fn(self.module(x), y)
            if value.numel() != 1:
                raise ValueError(f"loss_fn: one number is wanted, not {tuple(value.shape)}; has it reduction='none'?")
            total = total + share * value.reshape(())
        return total

    def flat(self, grads: Iterable[Any]) -> np.ndarray:
        return np.concatenate([(_torch.zeros_like(p) if g is None else g).detach().reshape(-1).numpy()
                               for g, p in zip(grads, self.parameters)])

    def value_and_grad(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        self.at = self.graph = None
        with _torch.enable_grad():
            self.put(w)
            loss = self.loss()
            return float(loss.detach()), self.flat(_torch.autograd.grad(loss, self.parameters, allow_unused=True))

    def products(self, w: np.ndarray, V: np.ndarray) -> np.ndarray:
        with _torch.enable_grad():
            if self.at is None or not np.array_equal(self.at, w):
                self.at = self.graph = None
                self.put(w)
                self.graph = _torch.autograd.grad(self.loss(), self.parameters, create_graph=True, allow_unused=True)
                self.at = w.copy()
            if len(V) > 1 and self.batched:
                try:
                    return self.block(V)
                except RuntimeError:  # an operation that torch cannot batch: one vector after the other from now on
                    self.batched = False
            return np.stack([self.product(v) for v in V])

    def block(self, V: np.ndarray) -> np.ndarray:
        place, sides, outputs = 0, [], []
        for g, p in zip(self.graph, self.parameters):
            if g is not None and g.requires_grad:
                outputs.append(g)
                sides.append(_torch.from_numpy(V[:, place:place + p.numel()]).reshape(len(V), *p.shape))
            place += p.numel()
        if not outputs:
            return np.zeros_like(V)
        found = _torch.autograd.grad(outputs, self.parameters, sides, retain_graph=True, allow_unused=True, is_grads_batched=True)
        return np.concatenate([np.zeros((len(V), p.numel())) if h is None else h.detach().reshape(len(V), -1).numpy()
                               for h, p in zip(found, self.parameters)], axis=1)

    def product(self, v: np.ndarray) -> np.ndarray:
        place, sides = 0, []
        for g, p in zip(self.graph, self.parameters):
            part = _torch.from_numpy(v[place:place + p.numel()]).view_as(p)
            place += p.numel()
            if g is not None and g.requires_grad:
                sides.append((g * part).sum())
        if not sides:
            return np.zeros(len(v))
        return self.flat(_torch.autograd.grad(sum(sides), self.parameters, retain_graph=True, allow_unused=True))


class TorchProblem(Problem):
    """A module's loss over its whole table, J = L + weight_decay/2 R. Made by `problem`.

    Attributes
    ----------
    module : torch.nn.Module
        The caller's; nothing but `put` changes it.
    weight_decay : float or None
    dim : int
        Weights in float64, in the order of ``module.parameters()``.
    """

    def __init__(self, module: Any, functions: _Functions, penalised: np.ndarray, weight_decay: Optional[float]):
        names = [n for n, p in functions.module.named_parameters() if p.requires_grad]
        groups = [n for n, p in zip(names, functions.parameters) for _ in range(p.numel())]
        super().__init__(functions.value_and_grad, functions.products, len(penalised), penalised, start=self._begin, groups=groups,
                         lambda_scale=0.5, symbol="weight_decay", block=True)
        self.scale = Scale(lambda_scale=0.5, name="torch", objective="L + weight_decay/2 R", symbol="weight_decay")
        self.module, self.weight_decay, self._functions = module, weight_decay, functions

    def _begin(self, rng: np.random.Generator) -> np.ndarray:
        fresh = copy.deepcopy(self._functions.module)
        with _torch.random.fork_rng(devices=[]):
            _torch.manual_seed(int(rng.integers(2 ** 31)))
            for part in fresh.modules():
                if part is not fresh and hasattr(part, "reset_parameters"):
                    part.reset_parameters()
        return np.concatenate([p.detach().reshape(-1).numpy() for p in fresh.parameters() if p.requires_grad])

    def weights(self) -> np.ndarray:
        """The module's parameters as they are now: ndarray of shape (dim,), float64."""
        return np.concatenate([p.detach().cpu().double().reshape(-1).numpy() for p in self.module.parameters() if p.requires_grad])

    def put(self, w: Union[np.ndarray, Certificate, Point]) -> None:
        """Puts weights, or those of a fit, back into the module's parameters, in their own type and on their own device."""
        w = self._weights(w.w if isinstance(w, Certificate) else w)
        place = 0
        with _torch.no_grad():
            for p in self.module.parameters():
                if p.requires_grad:
                    p.copy_(_torch.from_numpy(w[place:place + p.numel()].copy()).view_as(p))
                    place += p.numel()

    def _own_point(self) -> tuple[Optional[np.ndarray], Optional[float]]:
        return self.weights(), self.weight_decay

    def certify(self, w: Any = None, weight_decay: Optional[float] = None, **how: Any) -> Certificate:
        """As `Problem.certify`; the module's parameters and the problem's weight_decay unless others are given."""
        w, weight_decay = self._filled(w, weight_decay)
        return super().certify(w, weight_decay, **how)

    def fit(self, weight_decay: Optional[float] = None, w: Any = None, *, put: bool = True, **settings: Any) -> Certificate:
        """As `Problem.fit`, from the module's parameters on; the end is put back into the module unless `put` is False."""
        w, weight_decay = self._filled(w, weight_decay)
        found = super().fit(weight_decay, w, **settings)
        if put:
            self.put(found)
        return found

    def path(self, lambdas: Lambdas = None, *, init: Any = "module", **how: Any) -> Any:
        """As `Problem.path`, lambdas being weight_decays; start 0 of the warm walks begins with the module's parameters.

        The module is not changed: ``problem.put(path.point(weight_decay))`` puts a fit into it.
        """
        return super().path(lambdas, init=self.weights() if isinstance(init, str) else init, **how)

    def _filled(self, w: Any, weight_decay: Optional[float]) -> tuple[Any, float]:
        if weight_decay is None:
            weight_decay = self.weight_decay
        if weight_decay is None:
            raise TypeError("weight_decay: it was neither given here nor to problem(...)")
        return self.weights() if w is None else w, weight_decay


def _mask(module: Any, penalised: Any) -> np.ndarray:
    named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
    if penalised is None:
        chosen = [True] * len(named)
    elif callable(penalised):
        chosen = [bool(penalised(n, p)) for n, p in named]
    elif penalised == "weights":
        chosen = [p.dim() > 1 for _, p in named]
    else:
        wanted = {penalised} if isinstance(penalised, str) else set(penalised)
        unknown = wanted - {n for n, _ in named}
        if unknown:
            raise ValueError(f"penalised: the module has no parameter {sorted(unknown)[0]!r}; it has {', '.join(n for n, _ in named)}")
        chosen = [n in wanted for n, _ in named]
    return np.concatenate([np.full(p.numel(), c) for (_, p), c in zip(named, chosen)])


def problem(module: Any, loss_fn: Callable, data: Any, weight_decay: Optional[float] = None, *, penalised: Any = None,
            reduction: str = "mean") -> TorchProblem:
    """A module as a problem: for `certify`, `path` and `Problem.fit`.

    Parameters
    ----------
    module : torch.nn.Module
        It is copied, in float64, on the CPU and in evaluation mode (no dropout, batch statistics frozen): a training loop's objective
        is one function only then. The copy is what is differentiated; `TorchProblem.put` writes to the module itself.
    loss_fn : callable
        ``loss_fn(module(inputs), targets)``, one number, such as ``torch.nn.MSELoss()``.
    data : (inputs, targets), or an iterable of such batches
        The whole table. A DataLoader is read once. Floating-point tensors become float64.
    weight_decay : float, optional
        As the optimiser has it (SGD, Adam; not the decoupled one of AdamW, which descends no objective): J = L + weight_decay/2 R.
    penalised : None, "weights", names, or callable(name, parameter) -> bool
        Which parameters are in R: all (as PyTorch's optimisers do), those with two dimensions or more, or those chosen.
    reduction : {"mean", "sum"}
        How loss_fn treats rows: batches are weighted by their rows, or added.

    Returns
    -------
    TorchProblem

    Raises
    ------
    ValueError, TypeError
        No parameter to be trained, an empty or infinite table, a loss that is not one number.

    Examples
    --------
    >>> p = ridgewalk.torch.problem(net, torch.nn.MSELoss(), (X, y), weight_decay=1e-3)   # doctest: +SKIP
    >>> print(ridgewalk.certify(p))                                                        # doctest: +SKIP
    """
    if not isinstance(module, _torch.nn.Module):
        raise TypeError("module: a torch.nn.Module is wanted")
    if not callable(loss_fn):
        raise TypeError("loss_fn: a function is wanted")
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction: {reduction!r} is neither 'mean' nor 'sum'")
    if not any(p.requires_grad for p in module.parameters()):
        raise ValueError("module: it has no parameter that requires a gradient")
    own = copy.deepcopy(module).cpu().double().eval()
    return TorchProblem(module, _Functions(own, loss_fn, _batches(data), reduction), _mask(own, penalised), weight_decay)
