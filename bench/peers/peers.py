#!/usr/bin/env python3
"""ridgewalk beside scikit-learn, R's nnet and PyTorch, on one machine, in alternation; everybody's points checked by one independent checker.

    bench/peers/peers.py kernels [--seconds 0.5]
    bench/peers/peers.py threads
    bench/peers/peers.py ladders [--repeat 1] [--peers sklearn,nnet,torch] [TABLE.csv:HIDDEN ...]

threads: sixteen starts with one thread and with all, and what so many programs of one thread get done at once.
kernels: microseconds of value and gradient, and of a Hessian-vector product, of a network with one hidden layer of tanh units.
ladders: the upward ladder of 19 penalties, 2^-16 to 2^2, warm started, everybody from the same weights; the last column is the target. Times are
of the fits alone for the peers, and of the whole program, certificates included, for ridgewalk (with --no-explain; a second figure follows every
branch as well). J = SSE/n + lambda R: `worst` is by how much J of ridgewalk is above the lowest of the peers' at its worst penalty, relatively,
`above` at how many of the 19 it is above by more than 1e-6: there it is in another basin.

Prints Markdown. Needs the packages python3-numpy, python3-sklearn, python3-torch, r-base-core, r-cran-nnet; what is missing is left out and said.
The peers run with an allocator that keeps its memory: glibc's default slows them several times by page faults.
"""
import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEEP = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_TOP_PAD_": "67108864"}
if os.environ.get("MALLOC_TOP_PAD_") != KEEP["MALLOC_TOP_PAD_"]:
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEEP})

import numpy as np  # noqa: E402  (after the allocator is set)

warnings.filterwarnings("ignore")  # the peers say at most penalties that they have not converged
SHAPES = [(442, 10, 16), (1030, 8, 50), (9568, 4, 50), (8192, 8, 100), (100000, 90, 100)]
GRID = range(-16, 3)


def torch_or_none():
    try:
        import torch
        return torch
    except ImportError:
        return None


def threads(count):
    """Of numpy's BLAS, where it can be told."""
    try:
        import threadpoolctl
        threadpoolctl.threadpool_limits(count)
    except ImportError:
        pass


# ---- the machine


def machine():
    name = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "")
    isa = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "SSE2"
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    try:
        import threadpoolctl
        blas = "; ".join(f"{i['internal_api']} {i['version']} {i.get('architecture', '')}" for i in threadpoolctl.threadpool_info()
                         if i["user_api"] == "blas")
    except ImportError:
        blas = "unknown"
    return f"{name}, {os.cpu_count()} cores, {isa}; gcc {gcc}; numpy {np.__version__} with {blas}; " \
           f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'unset')}"


def dgemm():
    A = np.random.default_rng(0).normal(size=(2048, 2048))
    A @ A
    took = []
    for _ in range(5):
        began = time.perf_counter()
        A @ A
        took.append(time.perf_counter() - began)
    return 2 * 2048**3 / np.median(took) / 1e9


# ---- kernels


def median(f, seconds):
    f()
    took, began = [], time.perf_counter()
    while len(took) < 5 or time.perf_counter() - began < seconds:
        t = time.perf_counter()
        f()
        took.append(time.perf_counter() - t)
    return float(np.median(took))


def numpy_kernels(n, d, h, seconds):
    r = np.random.default_rng(1)
    X, y, W, b, v, c = r.normal(size=(n, d)), r.normal(size=n), r.normal(size=(d, h)), r.normal(size=h), r.normal(size=h), 0.1
    dW, db, dv, dc = r.normal(size=(d, h)), r.normal(size=h), r.normal(size=h), 0.3

    def gradient():
        a = X @ W
        a += b
        np.tanh(a, out=a)
        f = a @ v + c - y
        g = f * (2 / n)
        D = np.outer(g, v)
        D *= 1 - a * a
        return f @ f / n, X.T @ D, D.sum(0), a.T @ g, g.sum()

    def product():
        a = X @ W
        a += b
        np.tanh(a, out=a)
        s = 1 - a * a
        g = (a @ v + c - y) * (2 / n)
        Ra = X @ dW
        Ra += db
        Ra *= s
        Rg = (Ra @ v + a @ dv + dc) * (2 / n)
        D = np.outer(Rg, v)
        D += np.outer(g, dv)
        D *= s
        Ra_a = Ra * a
        Ra_a *= v
        Ra_a *= (-2 * g)[:, None]
        D += Ra_a
        return X.T @ D, D.sum(0), a.T @ Rg + Ra.T @ g, Rg.sum()

    return median(gradient, seconds), median(product, seconds)


def torch_kernels(torch, n, d, h, seconds):
    r = np.random.default_rng(1)
    X, y = torch.from_numpy(r.normal(size=(n, d))), torch.from_numpy(r.normal(size=n))
    w = [torch.tensor(u, requires_grad=True) for u in (r.normal(size=(d, h)), r.normal(size=h), r.normal(size=h), r.normal())]
    v = [torch.from_numpy(np.asarray(r.normal(size=tuple(u.shape)))) for u in w]

    def loss():
        return torch.mean((torch.tanh(torch.addmm(w[1], X, w[0])) @ w[2] + w[3] - y) ** 2)

    def gradient():
        return torch.autograd.grad(loss(), w)

    def product():
        g = torch.autograd.grad(loss(), w, create_graph=True)
        return torch.autograd.grad(sum((a * t).sum() for a, t in zip(g, v)), w)

    return median(gradient, seconds), median(product, seconds)


def our_kernels(seconds, *shape):
    """By the number of threads: gradient, product at a new point, at the last gradient's, of a block of 8."""
    program = os.path.join(ROOT, "build", "bench", "bench", "mlp_kernels")
    out = subprocess.run([program, str(seconds), *map(str, shape)], capture_output=True, text=True, check=True)
    rows = [line.split() for line in out.stdout.splitlines()[1:]]
    return {int(f[1]): [1e-6 * float(f[k]) for k in (6, 8, 10, 12)] for f in rows}


def kernels(a):
    """Rounds of all in turn, as the machine is not the same from minute to minute; of each figure the median of the rounds. With one thread
    everybody is on the same processor: one may be slower than the other for a while."""
    torch = torch_or_none()
    processors = os.sched_getaffinity(0)
    most = os.cpu_count() or 1
    print(f"{machine()}\n")
    for count in (1, most):
        threads(count)
        print(f"dgemm of 2048 square, {count} thread{'s' if count > 1 else ''}: {dgemm():.1f} GFLOP/s")
    print("\n| rows | inputs | hidden | threads | gradient us | GFLOP/s | numpy | PyTorch | product us | in gradients | block of 8, in products | numpy | PyTorch |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for shape in SHAPES:
        rounds = {count: [] for count in (1, most)}
        for _ in range(a.rounds):
            for count in (1, most):
                os.sched_setaffinity(0, {min(processors)} if count == 1 else processors)
                ours = our_kernels(a.seconds / a.rounds, *shape)
                threads(count)
                peers = list(numpy_kernels(*shape, a.seconds / a.rounds)) + [np.nan, np.nan]
                if torch:
                    time.sleep(0.3)  # OpenBLAS's threads look for more work for a tenth of a second
                    torch.set_num_threads(count)  # and PyTorch's wait for each other for about as long
                    peers[2:] = torch_kernels(torch, *shape, a.seconds / (a.rounds if count == 1 else 1))
                rounds[count].append(ours[count] + peers)
        n, d, h = shape
        for count in (1, most):
            g, fresh, _, block, N, Nv, T, Tv = np.median(rounds[count], axis=0)
            print(f"| {n} | {d} | {h} | {count} | {1e6 * g:.1f} | {6e-9 * n * h * (d + 1) / g:.1f} | {N / g:.1f} x | {T / g:.1f} x | "
                  f"{1e6 * fresh:.1f} | {fresh / g:.2f} | {8 * block / fresh:.2f} | {Nv / fresh:.1f} x | {Tv / fresh:.1f} x |", flush=True)


# ---- the independent checker


def read(path):
    A = np.genfromtxt(path, delimiter=",", skip_header=1)
    A = (A - A.mean(0)) / A.std(0)
    return np.ascontiguousarray(A[:, :-1]), A[:, -1].copy()


def unpack(w, d, h):
    return w[:d * h].reshape(d, h), w[d * h:d * h + h], w[d * h + h:d * h + 2 * h], w[-1]


def check(w, lam, X, y, h):
    """J and the largest entry of its gradient."""
    n, d = X.shape
    W, b, v, c = unpack(w, d, h)
    a = np.tanh(X @ W + b)
    f = a @ v + c - y
    g = 2 / n * f
    D = np.outer(g, v) * (1 - a * a)
    gradient = np.concatenate([(X.T @ D + 2 * lam * W).ravel(), D.sum(0), a.T @ g + 2 * lam * v, [g.sum()]])
    return f @ f / n + lam * ((W * W).sum() + v @ v), np.abs(gradient).max()


# ---- ladders: each gives seconds and [19] weights


def start(d, h, seed):
    """As scikit-learn draws them."""
    r, out = np.random.RandomState(seed), []
    for fan_in, fan_out in ((d, h), (h, 1)):
        bound = np.sqrt(6 / (fan_in + fan_out))
        out += [r.uniform(-bound, bound, (fan_in, fan_out)).ravel(), r.uniform(-bound, bound, fan_out)]
    return np.concatenate(out)


def by_sklearn(X, y, h, w, _table):
    from sklearn.neural_network import MLPRegressor
    d = X.shape[1]
    m = MLPRegressor((h,), activation="tanh", solver="lbfgs", warm_start=True, max_iter=1, random_state=0).fit(X, y)
    W, b, v, c = unpack(w.copy(), d, h)
    m.coefs_, m.intercepts_ = [W, v[:, None]], [b, np.array([c])]
    seconds, points = 0, []
    for k in GRID:
        m.set_params(alpha=2.0**k * len(y), max_iter=5000, max_fun=10**6, tol=1e-10)
        began = time.perf_counter()
        m.fit(X, y)
        seconds += time.perf_counter() - began
        points.append(np.concatenate([u.ravel() for pair in zip(m.coefs_, m.intercepts_) for u in pair]))
    return seconds, points


def by_torch(X, y, h, w, _table):
    torch = torch_or_none()
    if not torch:
        return None
    torch.set_num_threads(os.cpu_count() or 1)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    p = [torch.tensor(u, requires_grad=True) for u in unpack(w, X.shape[1], h)]
    seconds, points = 0, []
    for k in GRID:
        lam = 2.0**k
        o = torch.optim.LBFGS(p, lr=1, max_iter=5000, max_eval=50000, tolerance_grad=1e-6, tolerance_change=0, history_size=10,
                              line_search_fn="strong_wolfe")

        def closure():
            o.zero_grad()
            f = torch.tanh(torch.addmm(p[1], Xt, p[0])) @ p[2] + p[3]
            J = torch.mean((f - yt) ** 2) + lam * ((p[0] ** 2).sum() + (p[2] ** 2).sum())
            J.backward()
            return J

        began = time.perf_counter()
        o.step(closure)
        seconds += time.perf_counter() - began
        points.append(np.concatenate([u.detach().numpy().ravel() for u in p]))
    return seconds, points


def by_nnet(X, y, h, w, table):
    with tempfile.TemporaryDirectory() as folder:
        given, got = os.path.join(folder, "start.csv"), os.path.join(folder, "out.csv")
        np.savetxt(given, w[None], fmt="%.17g", delimiter=",")
        here = os.path.dirname(os.path.abspath(__file__))
        try:
            r = subprocess.run(["Rscript", os.path.join(here, "nnet_ladder.R"), table, str(h), given, got, "1000"], capture_output=True, text=True)
        except FileNotFoundError:
            return None
        if r.returncode:
            return None
        rows = np.loadtxt(got, delimiter=",")
    return float(rows[:, 0].sum()), list(rows[:, 1:])


def by_us(X, y, h, w, table, *options):
    W, b, v, c = unpack(w, X.shape[1], h)
    with tempfile.TemporaryDirectory() as folder:
        init, run = os.path.join(folder, "init.json"), os.path.join(folder, "r.rwk")
        json.dump({"layers": [{"W": W.tolist(), "b": b.tolist()}, {"W": v[:, None].tolist(), "b": [float(c)]}]}, open(init, "w"))
        began = time.perf_counter()
        subprocess.run([os.path.join(ROOT, "build", "release", "ridgewalk"), "path", table, "--hidden", str(h), "--lambda", "2^-16:2^2", "--walk",
                        "up", "--init", init, "--quiet", "--out", run, *options], stdout=subprocess.DEVNULL, check=False)
        seconds = time.perf_counter() - began
        db = sqlite3.connect(run)
        points = [np.frombuffer(blob, "<f8") for (blob,) in db.execute("SELECT weights FROM fit WHERE walk = 'up' ORDER BY lambda")]
        db.close()
    return seconds, points


def ladder(table, h, a):
    X, y = read(table)
    w = start(X.shape[1], h, a.seed)
    runs = {"ridgewalk": lambda: by_us(X, y, h, w, table, "--no-explain"), "ridgewalk, explained": lambda: by_us(X, y, h, w, table)}
    all_peers = {"scikit-learn": ("sklearn", by_sklearn), "nnet": ("nnet", by_nnet), "PyTorch": ("torch", by_torch)}
    for name, (short, f) in all_peers.items():
        if short in a.peers.split(","):
            runs[name] = lambda f=f: f(X, y, h, w, table)
    took, checked = {}, {}
    for _ in range(a.repeat):
        for name, f in runs.items():
            got = f()
            if got is None:
                continue
            took.setdefault(name, []).append(got[0])
            checked[name] = [check(p, 2.0**k, X, y, h) for p, k in zip(got[1], GRID)]
    mine = checked["ridgewalk"]
    theirs = [min(checked[name][i][0] for name in checked if not name.startswith("ridgewalk")) for i in range(len(mine))]
    gap = [ours[0] / other - 1 for ours, other in zip(mine, theirs)]
    label = f"{os.path.basename(table).split('.')[0]}/{h}"
    base = float(np.median(took["ridgewalk"]))
    for name in runs:
        if name not in took:
            print(f"| {label} | {name} | not here | | | | | |")
            continue
        t, c = float(np.median(took[name])), checked[name]
        spread = f"{min(took[name]):.2f}-{max(took[name]):.2f}"
        print(f"| {label} | {name} | {t:.2f} | {spread} | {t / base:.1f} x | {max(g for _, g in c):.1e} | {sum(g > 1e-6 for _, g in c)} | "
              f"{sum(J for J, _ in c):.6f} |", flush=True)
    print(f"| {label} | J of ridgewalk against the lowest of theirs | above at {sum(g > 1e-6 for g in gap)} of {len(gap)} | worst {max(gap):.1e} | "
          f"best {min(gap):.1e} | | | |", flush=True)


def ladders(a):
    print(f"{machine()}; {a.repeat} run{'s' if a.repeat > 1 else ''} each, in alternation\n")
    print("| ladder | by | seconds | spread | against ridgewalk | largest gradient entry | points above 1e-6 | sum of J |")
    print("|---|---|---|---|---|---|---|---|")
    for item in a.tables or ["tests/data/diabetes.csv:16", "tests/data/concrete.csv:50"]:
        table, h = item.rsplit(":", 1)
        ladder(os.path.abspath(table), int(h), a)


def sixteen_starts(_):
    """One thread, all of them, and as many programs of one thread at once, in turn: the last tells what the machine has to give."""
    table, program = os.path.join(ROOT, "tests", "data", "diabetes.csv"), os.path.join(ROOT, "build", "release", "ridgewalk")
    most = os.cpu_count() or 1

    def seconds(programs, count):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            running = [subprocess.Popen([program, "path", table, "--hidden", "16", "--lambda", "2^-12:2^0", "--walk", "cold", "--starts", "16", "--threads",
                                         str(count), "--quiet", "--out", os.path.join(folder, f"{k}.rwk")], stdout=subprocess.DEVNULL) for k in range(programs)]
            for r in running:
                r.wait()
            return time.perf_counter() - began

    took = {kind: [] for kind in ((1, 1), (1, most), (most, 1))}
    for _ in range(9):
        for kind, t in took.items():
            t.append(seconds(*kind))
    one = np.median(took[1, 1])
    print("| sixteen random starts, diabetes/16, 2^-12:2^0 | seconds | spread | work against one thread |")
    print("|---|---|---|---|")
    for (programs, count), t in took.items():
        what = f"{count} thread{'s' if count > 1 else ''}" if programs == 1 else f"{programs} programs of one thread at once"
        print(f"| {what} | {np.median(t):.2f} | {min(t):.2f}-{max(t):.2f} | {programs * one / np.median(t):.2f} x |")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    s = p.add_subparsers(dest="what", required=True)
    k = s.add_parser("kernels")
    k.add_argument("--seconds", type=float, default=0.5)
    k.add_argument("--rounds", type=int, default=5)
    k.set_defaults(run=kernels)
    t = s.add_parser("threads")
    t.set_defaults(run=sixteen_starts)
    r = s.add_parser("ladders")
    r.add_argument("tables", nargs="*")
    r.add_argument("--repeat", type=int, default=1)
    r.add_argument("--seed", type=int, default=0)
    r.add_argument("--peers", default="sklearn,nnet,torch")
    r.set_defaults(run=ladders)
    a = p.parse_args()
    a.run(a)


main()
