"""Modules of PyTorch: certificates, paths and explanations by autograd."""
import pickle
import unittest

import numpy as np
import torch

import ridgewalk as rw
from harness import Case, small


def net(seed=0, units=4):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, units), torch.nn.Tanh(), torch.nn.Linear(units, 1))


def data():
    X, y = small()
    return torch.tensor(X), torch.tensor(y)[:, None]


class Torch(Case):
    def setUp(self):
        super().setUp()
        torch.set_num_threads(1)

    def test_as_our_own_network(self):
        """The same module as one of our networks, biases penalised: two ways to the same numbers."""
        X, y = data()
        module = net()
        p = rw.torch.problem(module, torch.nn.MSELoss(), (X, y), weight_decay=0.02)
        own = rw.path(X.numpy(), y.numpy(), lambdas=[0.02], walk=("up",), hidden=(4,), convention="torch", standardize=False, threads=1).problem
        w = own.pack([module[0].weight.detach().numpy().T, module[2].weight.detach().numpy().T],
                     [module[0].bias.detach().numpy(), module[2].bias.detach().numpy()])
        a, b = p.certify(direction=True), own.certify(w, 0.02)
        for key in ("objective", "penalty", "grad_inf", "min_eig", "max_eig", "mse"):
            self.assertAlmostEqual(getattr(a, key), getattr(b, key), 12, key)
        self.assertEqual((a.verdict, a.inertia), ("not_stationary", b.inertia))
        for value in p.check(p.weights()).values():
            self.assertLess(value, 1e-7)

    def test_planted_saddle(self):
        """All weights zero: below lambda_c a saddle whose curvature is known (T5): 2 (lambda - q), q the norm of X'(y - mean)/n."""
        X, y = data()
        module = net()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.zero_()
            module[2].bias.copy_(y.mean())
        p = rw.torch.problem(module.double(), torch.nn.MSELoss(), (X, y), weight_decay=0.1, penalised="weights")
        c = rw.certify(p, direction=True)
        self.assertEqual(c.verdict, "saddle")
        q = float(torch.linalg.norm(X.T @ (y - y.mean())) / len(X))
        self.assertAlmostEqual(c.min_eig, 2 * (0.05 - q), 10)
        self.assertAlmostEqual(np.linalg.norm(c.direction), 1)
        self.assertLess(c.finished.objective, c.objective - 0.01)
        self.assertLess(c.finished.grad_inf, 1e-8)
        self.assertEqual(rw.certify(p, alpha=4 * q).inertia[2], 0)

    def test_fit_puts_the_weights_back(self):
        X, y = data()
        module = net()
        before = [p.detach().clone() for p in module.parameters()]
        p = rw.torch.problem(module, torch.nn.MSELoss(), (X, y), weight_decay=0.02)
        p.certify()
        path = rw.path(p, lambdas="2^-6:2^-3", walk=("up",), collapse_tol=0.0)
        self.assertTrue(all(torch.equal(a, b) for a, b in zip(before, module.parameters())))
        c = p.fit()
        self.assertTrue(c.is_minimum)
        self.assertEqual(next(module.parameters()).dtype, torch.float32)
        self.assertLess(np.abs(p.weights() - c.w).max(), 1e-6)
        self.assertLess(rw.certify(p, finish=False).grad_inf, 1e-5)  # what float32 keeps of it
        p.put(path.point(2 ** -6))
        self.assertLess(np.abs(p.weights() - path.point(2 ** -6).w).max(), 1e-6)

    def test_path_and_explain(self):
        X, y = data()
        p = rw.torch.problem(net(1, 5), torch.nn.MSELoss(), [(X[:25], y[:25]), (X[25:], y[25:])])
        path = rw.path(p, lambdas="2^-8:2^-3", walk=("up",), collapse_tol=0.0, explain_points=300)
        self.assertTrue(path.certified)
        self.assertTrue(all(q.grad_inf <= 1e-8 for q in path.walks[0].points))
        self.assertIn("The branch of minima ends in a fold at weight_decay = ", path.explain(0))
        early = rw.path(p, lambdas="2^-8:2^-3", walk=("up",), collapse_tol=0.0, solver="lbfgs", max_iter=8)
        self.assertEqual({d.cause for d in early.drops}, {"unconverged"})
        self.assertIn("Finished by Newton's method", early.explain(0))
        path.save(self.file("t.rwk"))
        again = rw.load(self.file("t.rwk"))
        self.assertEqual([q.mse for q in again.walks[0].points], [q.mse for q in path.walks[0].points])
        self.assertEqual(again.scale.symbol, "weight_decay")
        self.assertEqual(len(pickle.loads(pickle.dumps(path)).lambdas), 6)

    def test_tied_and_unused_weights(self):
        class Tied(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b, self.unused = torch.nn.Linear(3, 3, False), torch.nn.Linear(3, 3, False), torch.nn.Linear(2, 2)
                self.b.weight = self.a.weight
                self.frozen = torch.nn.Linear(3, 1)
                self.frozen.requires_grad_(False)

            def forward(self, x):
                return self.frozen(torch.tanh(self.b(torch.tanh(self.a(x)))))
        X, y = data()
        torch.manual_seed(3)
        p = rw.torch.problem(Tied(), torch.nn.MSELoss(), (X, y), weight_decay=0.1)
        self.assertEqual(p.dim, 9 + 6)
        for value in p.check(p.weights()).values():
            self.assertLess(value, 1e-7)
        self.assertTrue(p.fit().is_minimum)

    def test_dropout_is_off(self):
        X, y = data()
        module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
        p = rw.torch.problem(module, torch.nn.MSELoss(), (X, y), weight_decay=0.1)
        self.assertEqual(p.certify(finish=False).objective, p.certify(finish=False).objective)
        self.assertTrue(module.training)

    def test_refusals(self):
        X, y = data()
        loss = torch.nn.MSELoss()
        bad = X.clone()
        bad[3, 1] = float("nan")
        for kind, call in ((TypeError, lambda: rw.torch.problem("net", loss, (X, y))), (TypeError, lambda: rw.torch.problem(net(), 3, (X, y))),
                           (ValueError, lambda: rw.torch.problem(net(), loss, (X[:0], y[:0]))), (ValueError, lambda: rw.torch.problem(net(), loss, [])),
                           (ValueError, lambda: rw.torch.problem(net(), loss, (bad, y))),
                           (ValueError, lambda: rw.torch.problem(net(), loss, (X, y), reduction="none")),
                           (ValueError, lambda: rw.torch.problem(net(), loss, (X, y), penalised=["nobody"])),
                           (ValueError, lambda: rw.torch.problem(torch.nn.Tanh(), loss, (X, y))),
                           (TypeError, lambda: rw.certify(rw.torch.problem(net(), loss, (X, y)))),
                           (ValueError, lambda: rw.certify(rw.torch.problem(net(), torch.nn.MSELoss(reduction="none"), (X, y), 0.1))),
                           (RuntimeError, lambda: rw.certify(rw.torch.problem(net(), loss, (X[:, :2], y), 0.1))),
                           (ValueError, lambda: rw.certify(rw.torch.problem(net(), loss, (X, y), 0.1), w=np.zeros(3)))):
            with self.assertRaises(kind):
                call()


if __name__ == "__main__":
    unittest.main(verbosity=2)
