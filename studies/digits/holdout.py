#!/usr/bin/python3
"""The same by one held-out part, in Python: quicker than cross-validation.

    ./dev python studies/digits/holdout.py [--hidden 32] [--seed 0]

A third of the rows of each digit is set aside as digits.py does it, and a quarter of the rest is held out from fitting. RidgewalkClassifier walks
up a ladder of penalties on what is left, each fit warm-started from the one before and certified; the lowest cross-entropy on the quarter chooses;
one fit to both, at that penalty, meets the third. The exit status is 1 where a fit is no certified minimum.
"""
import argparse
import sys
import time
import numpy as np
from sklearn.datasets import load_digits
import ridgewalk
from digits import divide


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--lambda", dest="grid", type=lambda text: [float(x) for x in text.split(",")], default=[2.0 ** k for k in range(-10, -5)])
    a = p.parse_args()
    X, y = load_digits(return_X_y=True)
    seen, third = divide(y, range(len(y)), a.seed)
    draw = np.random.default_rng(a.seed).permutation(len(seen))
    quarter, fit = [np.array(seen)[part] for part in (draw[:len(draw) // 4], draw[len(draw) // 4:])]
    model = ridgewalk.RidgewalkClassifier((a.hidden,), convention="mse", standardize=True, warm_start=True, random_state=a.seed)
    began, scores, good = time.process_time(), {}, True
    print(f"{len(fit)} rows to fit, {len(quarter)} to choose by, {len(third)} set aside; {a.hidden} hidden units\n")
    print("| lambda | kind | largest gradient entry | smallest eigenvalue | cross-entropy in sample | held out | accuracy held out | seconds of one core |\n"
          "|---|---|---|---|---|---|---|---|", flush=True)
    for lam in a.grid:
        start = time.process_time()
        c = model.set_params(alpha=lam).fit(X[fit], y[fit]).certificate_
        scores[lam] = -model.predict_log_proba(X[quarter])[np.arange(len(quarter)), y[quarter]].mean()
        good &= c.is_minimum
        print(f"| {lam:.6g} | {c.verdict} | {c.grad_inf:.1e} | {c.min_eig:.2e} | {c.mse:.4f} | {scores[lam]:.4f} | "
              f"{100 * model.score(X[quarter], y[quarter]):.2f}% | {time.process_time() - start:.1f} |", flush=True)
    best = min(scores, key=scores.get)
    c = model.set_params(alpha=best, warm_start=False).fit(X[seen], y[seen]).certificate_
    print(f"\nlambda = {best:.6g}, fitted to {len(seen)} rows: {c.verdict}, smallest eigenvalue {c.min_eig:.2e}; accuracy on the third set aside "
          f"{100 * model.score(X[third], y[third]):.2f}%; {time.process_time() - began:.0f} s of one core in all")
    sys.exit(not (good and c.is_minimum))


if __name__ == "__main__":
    main()
