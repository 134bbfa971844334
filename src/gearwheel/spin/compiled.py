"""The same spin, compiled with JAX in float64: for large ensembles and for gradients. JAX is imported on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from gearwheel.spin.levers import Path, moved, table
from gearwheel.spin.program import Program, build, initial, step, values_at
from gearwheel.spin.run import Ensemble, count_draws, noise_sd, note_lost, perturb
from gearwheel.wheel.cache import cache_folder
from gearwheel.wheel.parts import Wheel


@lru_cache(maxsize=1)
def jax_ready():
    """JAX with float64 and the on-disk compile cache switched on (GEARWHEEL_CACHE, default ~/.cache/gearwheel)."""
    import jax

    jax.config.update("jax_enable_x64", True)
    folder = cache_folder() / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
    except OSError:
        pass  # a read-only home costs compile time, nothing else
    return jax


def jax_program(wheel: Wheel) -> Program:
    """The wheel compiled against jax.numpy."""
    jax_ready()
    import jax.numpy as jnp

    return build(wheel, jnp)


def spin_compiled(
    program: Program,
    parameters: Mapping[str, np.ndarray | float],
    steps: int,
    *,
    start: float = 0.0,
    state: np.ndarray | None = None,
    paths: Mapping[str, Path] | None = None,
    keep: Sequence[str] | None = None,
    shocks: np.ndarray | None = None,
    method: str | None = None,
) -> Ensemble:
    """`spin` with the same arguments and the same numbers (to rounding), as one compiled scan over time."""
    jax = jax_ready()
    import jax.numpy as jnp

    keep = tuple(program.wheel.variables()) if keep is None else tuple(keep)
    times = start + program.wheel.dt * np.arange(steps + 1)
    parameters = {**program.centre(), **parameters}
    draws = count_draws(parameters, state, shocks)
    full = {n: jnp.broadcast_to(jnp.asarray(v, dtype=float), (draws,)) for n, v in parameters.items()}
    moving = table(paths or {}, times)
    first = moved(jnp, full, {n: v[0] for n, v in moving.items()})
    begin = initial(program, first, start) if state is None else jnp.asarray(state, dtype=float)
    begin = jnp.broadcast_to(begin, (draws, len(program.stocks)))
    noise = jnp.zeros((steps, 1, 1)) if shocks is None else jnp.asarray(shocks)

    def pick(values):
        return jnp.stack([jnp.broadcast_to(jnp.asarray(values[n], dtype=float), (draws,)) for n in keep])

    @jax.jit
    def whole(begin, full, moving, noise):
        def one(state, inputs):
            time, levers, shock = inputs
            at = moved(jnp, full, levers)
            following, values = step(program, state, at, time, method)
            following = perturb(program, following, shock, noise_sd(program, at, time))
            return following, (pick(values), jnp.isfinite(following))

        inputs = (jnp.asarray(times[:-1]), {n: v[:-1] for n, v in moving.items()}, noise)
        end, (recorded, finite) = jax.lax.scan(one, begin, inputs)
        final = moved(jnp, full, {n: v[-1] for n, v in moving.items()})
        last = pick(values_at(program, end, final, times[-1]))
        return end, jnp.concatenate([recorded, last[None]]), finite

    end, recorded, finite = whole(begin, full, {n: jnp.asarray(v) for n, v in moving.items()}, noise)
    arrays = np.moveaxis(np.asarray(recorded), 0, -1)  # (keep, draws, T)
    lost: dict[int, str] = {}
    for k, known in enumerate(np.asarray(finite)):
        note_lost(lost, known, program.stocks, times[k + 1])
    return Ensemble(program.wheel, times, dict(zip(keep, arrays)), np.asarray(end), lost)
