"""Every cycle once, whatever anything is called; the strongest ones where there are too many."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearwheel.loops.anchors import along
from gearwheel.loops.find import canonical, components, cycles, edges_of, find
from gearwheel.loops.named import named
from gearwheel.loops.scores import dominance, largest, link_scores
from gearwheel.spin.program import build
from gearwheel.spin.run import spin
from gearwheel.wheel.assemble import assemble
from gearwheel.wheel.graph import Graph, graph
from gearwheel.wheel.read import parse_wheel


def brute(successors):
    """All elementary cycles by trying every ordered choice of nodes."""
    n = len(successors)
    found = set()
    for size in range(1, n + 1):
        for first, *rest in itertools.permutations(range(n), size):
            loop = (first, *rest)
            if first == min(loop) and all(b in successors[a] for a, b in zip(loop, (*rest, first))):
                found.add(loop)
    return found


digraphs = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.sets(st.integers(0, n - 1)).map(sorted), min_size=n, max_size=n)
)


@given(digraphs)
@settings(max_examples=150, deadline=None)
def test_cycles_are_those_found_by_brute_force_each_once(successors):
    found = list(cycles(successors))
    assert len(found) == len(set(found))
    assert set(found) == brute(successors)


@given(digraphs)
@settings(max_examples=100, deadline=None)
def test_components_are_mutual_reach(successors):
    n = len(successors)
    reach = np.eye(n, dtype=bool)
    for i, out in enumerate(successors):
        reach[i, out] = True
    for k in range(n):
        reach |= np.outer(reach[:, k], reach[k])
    mutual = reach & reach.T
    expected = {frozenset(np.flatnonzero(mutual[i]).tolist()) for i in range(n)}
    assert {frozenset(c) for c in components(successors)} == expected


def full(n: int) -> Graph:
    nodes = tuple(f"n{i}" for i in range(n))
    return Graph(nodes, tuple((a, b) for a in nodes for b in nodes if a != b))


def test_too_many_loops_are_cut_off_quickly_and_said_to_be():
    began = time.perf_counter()
    loops, complete = find(full(20), 1000)
    assert (len(loops), complete) == (1000, False)
    assert time.perf_counter() - began < 5


def test_exactly_as_many_loops_as_allowed_are_all_of_them():
    assert find(full(4), 20)[1] is True  # 6 + 8 + 6 cycles
    assert find(full(4), 19)[1] is False


def test_a_long_chain_needs_no_recursion():
    nodes = tuple(f"n{i}" for i in range(5000))
    loops, complete = find(Graph(nodes, tuple(zip(nodes, (*nodes[1:], nodes[0])))))
    assert complete and loops == (nodes,)


def test_the_search_finds_the_strongest_loop_of_a_graph_too_large_to_list():
    rng = np.random.default_rng(3)
    whole = full(12)
    strength = rng.uniform(0.01, 0.3, len(whole.edges))
    loop = ("n2", "n7", "n4", "n9")
    for edge in edges_of(loop):
        strength[whole.edges.index(edge)] = 3.0
    loops, complete = find(whole, 500, lambda: strength[None])
    assert not complete
    assert canonical(loop, whole) in loops
    assert len(loops) == len(set(loops)) <= 500


def test_the_search_ranks_by_strength():
    whole, hits, sizes = full(6), 0, []
    every, _ = find(whole)
    for seed in range(20):
        strength = np.random.default_rng(seed).lognormal(-1, 1, len(whole.edges))
        row = dict(zip(whole.edges, strength))
        loops, _ = find(whole, 300, lambda s=strength: s[None])
        strongest = max(every, key=lambda loop: np.prod([row[e] for e in edges_of(loop)]))
        hits += strongest in loops
        sizes.append(len(loops))
    assert len(every) == 409
    assert hits >= 18 and np.mean(sizes) < 150


@st.composite
def wheels(draw):
    """A random wheel of 2 to 4 stocks, each driven through an auxiliary by a signed mix of stocks."""
    n = draw(st.integers(2, 4))
    weights = st.sampled_from([-0.3, 0.0, 0.2, 0.5])
    text = 'wheel = { name = "random", unit = "year", dt = 0.25, size = "s0" }\n'
    for i in range(n):
        mix = " + ".join(f"({draw(weights)}) * s{j} ^ 0.5" for j in range(n)) + f" + {draw(st.integers(1, 5))}"
        text += (
            f'[stock.s{i}]\nunit = "1"\nstart = "{draw(st.integers(1, 9))}"\ninflows = ["f{i}"]\noutflows = ["g{i}"]\n'
        )
        text += f'[aux.mix{i}]\nunit = "1"\nequation = "{mix}"\n'
        text += f'[flow.f{i}]\nunit = "1/year"\nequation = "exp(mix{i} / 20)"\n'
        text += f'[flow.g{i}]\nunit = "1/year"\nequation = "s{i} / {draw(st.integers(2, 9))}"\n'
    return text, n


def shares(text: str):
    wheel = assemble(parse_wheel(text), None)
    program, whole = build(wheel), graph(wheel)
    anchors = along(program, spin(program, {}, 12), {})
    loops, _ = find(whole)
    return whole, loops, dominance(loops, whole, link_scores(anchors, whole), loops).share[:, 0]


@given(wheels(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_renaming_every_variable_leaves_all_scores_unchanged(made, random):
    text, n = made
    old = [f"{kind}{i}" for kind in ("s", "f", "g", "mix") for i in range(n)]
    fresh = [f"{letter}x{random.randrange(1000)}_{i}" for i, letter in enumerate(random.choices("abwyz", k=len(old)))]
    new = dict(zip(old, fresh))
    renamed = text
    for name in sorted(old, key=len, reverse=True):
        renamed = _replace_word(renamed, name, new[name])
    (_, loops, share), (_, again, share_again) = shares(text), shares(renamed)
    assert [tuple(new[v] for v in loop) for loop in loops] == list(again)
    assert np.array_equal(share, share_again)


def _replace_word(text: str, old: str, new: str) -> str:
    import re

    return re.sub(rf"\b{old}\b", new, text)


@given(wheels())
@settings(max_examples=25, deadline=None)
def test_relative_scores_of_a_part_add_up_to_one(made):
    whole, loops, share = shares(made[0])
    place = {v: i for i, v in enumerate(whole.nodes)}
    successors = [[place[b] for a, b in whole.edges if a == v] for v in whole.nodes]
    for part in components(successors):
        inside = [i for i, loop in enumerate(loops) if place[loop[0]] in part]
        total = np.abs(share[inside]).sum(axis=0)
        assert np.all(np.isclose(total, 1) | (total == 0))
        assert not inside or total.any()


TWO_WAYS = """
wheel = { name = "ways", unit = "year", dt = 0.25, size = "a" }
[stock.a]
unit = "1"
start = "2"
inflows = ["gain"]
[aux.weak]
unit = "1"
equation = "0.1 * a"
[aux.strong]
unit = "1"
equation = "0.7 * a"
[flow.gain]
unit = "1/year"
equation = "weak + strong"
[stock.b]
unit = "1"
start = "1"
inflows = ["b_in"]
[flow.b_in]
unit = "1/year"
equation = "a - b"
[loop.R1]
title = "Round"
through = ["a", "gain"]
[loop.R2]
title = "Nowhere"
through = ["b", "a"]
"""


def test_a_named_loop_is_the_stronger_of_two_equally_short_ways():
    wheel = assemble(parse_wheel(TWO_WAYS), None)
    assert named(wheel, graph(wheel)) == {"R1": ("a", "strong", "gain")}
    other = assemble(parse_wheel(TWO_WAYS.replace("0.7", "0.01")), None)
    assert named(other, graph(other)) == {"R1": ("a", "weak", "gain")}


def test_kept_loops_may_begin_anywhere_and_appear_twice():
    wheel = assemble(parse_wheel(TWO_WAYS), None)
    program, whole = build(wheel), graph(wheel)
    links = link_scores(along(program, spin(program, {}, 4), {}), whole)
    loops, _ = find(whole)
    kept = dominance(loops, whole, links, [("strong", "gain", "a"), ("a", "strong", "gain")])
    assert kept.share.shape == (2, 1, 5)
    assert kept.share == pytest.approx(np.full((2, 1, 5), 7 / 8))
    assert kept.reinforcing == pytest.approx(1)
    assert largest(loops, whole, links, 1, [("gain", "a", "strong")])[0] in loops
