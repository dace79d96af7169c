"""L2 regularisation paths of neural networks, with proof.

path            walks a whole path of penalties over a table, certifies every fit and explains every drop of the error
certify         what kind of point somebody's weights are: minimum, saddle, or neither
audit           which fits of somebody's sweep cannot be global minima, from three columns
Problem         any function with a value, a gradient and Hessian-vector products
torch.problem   the same from a PyTorch module
RidgewalkRegressor, RidgewalkClassifier   scikit-learn's estimators
RidgewalkRegressorCV, RidgewalkClassifierCV   the same, with the penalty chosen by cross-validation
load            a path from a run file (NAME.rwk)
convert         one tool's penalty in another's units

scikit-learn, pandas, Matplotlib and PyTorch are imported by what needs them, and by nothing else.
"""
from ._core import (CallbackError, CancelledError, DataError, Error, FileError, FormatError, InternalError,
                    InvalidArgumentError, MismatchError, NumericalError, OutOfMemoryError, UnsupportedError)
from ._core import version as __version__
from ._audit import Audit, audit
from ._certify import certify
from ._certificate import Certificate
from ._path import Drop, Path, Point, Walk, load
from ._problem import Problem
from ._scale import convert
from ._table import path

__all__ = ["Audit", "CallbackError", "CancelledError", "Certificate", "DataError", "Drop", "Error", "FileError", "FormatError",
           "InternalError", "InvalidArgumentError", "MismatchError", "NumericalError", "OutOfMemoryError", "Path", "Point",
           "Problem", "RidgewalkClassifier", "RidgewalkClassifierCV", "RidgewalkRegressor", "RidgewalkRegressorCV",
           "UnsupportedError", "Walk", "__version__", "audit", "certify", "convert", "load", "path", "torch"]


def __getattr__(name):
    import importlib
    if name in ("RidgewalkClassifier", "RidgewalkRegressor"):
        return getattr(importlib.import_module("._estimator", __name__), name)
    if name in ("RidgewalkClassifierCV", "RidgewalkRegressorCV"):
        return getattr(importlib.import_module("._cv", __name__), name)
    if name == "torch":
        return importlib.import_module(".torch", __name__)
    raise AttributeError(f"module 'ridgewalk' has no attribute {name!r}")


def __dir__():
    return __all__
