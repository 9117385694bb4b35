"""Functionals of known distributions: closed forms, and what is computed where there is none.

Other layers start from two functions::

    from klcli.divergences.build import distribution   # text → Known or Mixture; no SciPy
    from klcli.divergences.models import model         # Known or Mixture → Model

    side = distribution("0.3*norm(-2, 1) + 0.7*norm(2, 0.5)")
    side.kind, side.size, str(side)   # "continuous", 1, every parameter spelled out
    known = model(side)               # only for kinds of one number: see `Known.kind`
    known.log(x)                      # log density or log mass, −inf outside the support
    known.below(x), known.above(x)    # P(X ≤ x) and P(X > x)
    known.support, known.supports     # of the whole, and of each part
    known.draw(1000, rng)             # a sample
"""
