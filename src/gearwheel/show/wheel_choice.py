"""Which variables and links of a wheel are drawn: the stocks, what crosses between gears and what named loops use.

A wheel has more variables than a picture can hold. Those left out are passed through: a drawn link stands for the
shortest chain of the wheel's own links that runs only through variables left out, with the product of their signs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from gearwheel.show.values import at, decimal_year, gear_of, label_of, listing, loop_tag, mapping, now_of, words_of

MOST_GEARS = 12
MOST_LINKS = 46


@dataclass(frozen=True)
class Node:
    name: str
    label: str
    gear: str
    stock: bool


@dataclass(frozen=True)
class DrawnLink:
    """`sign` is "+", "-" or "?"; `strength` 2 where the data show the effect, 1 where untested, 0 where unsettled."""

    cause: str
    effect: str
    sign: str
    delay: bool
    across: bool
    strength: int = 1


@dataclass(frozen=True)
class DrawnGear:
    name: str
    title: str
    note: str
    light: bool
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class DrawnLoop:
    name: str
    nickname: str
    polarity: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """What the picture shows, and how much of the wheel that is."""

    gears: tuple[DrawnGear, ...]
    nodes: dict[str, Node] = field(default_factory=dict)
    links: tuple[DrawnLink, ...] = ()
    loops: tuple[DrawnLoop, ...] = ()
    variables: int = 0
    left_out: int = 0


def choose(results: dict) -> Choice:
    """Picks what is drawn from `results` (its "wheel", "graph", "loops" and "links"; any may be missing)."""
    nodes = {str(name): mapping(node) for name, node in mapping(at(results, "graph", "nodes")).items()}
    edges = _edges(results, nodes)
    stated = [str(g) for g in mapping(at(results, "wheel", "gears"))]
    # Variables of the wheel file itself belong to no gear: links pass through them.
    order = stated or list(dict.fromkeys(gear_of(n, node) for n, node in nodes.items()))
    size = words_of(at(results, "wheel", "size"))
    if gear_of(size, nodes.get(size)) in order and size:
        home = gear_of(size, nodes.get(size))
        order = [home] + [g for g in order if g != home]
    left_gears = max(0, len(order) - MOST_GEARS)
    order = order[:MOST_GEARS]
    loops = [loop for loop in map(mapping, listing(mapping(results).get("loops"))) if loop.get("name")]
    score = _scores(nodes, edges, loops, size)
    kept = _kept(nodes, order, score)
    drawn = _contracted(edges, kept, nodes, results)
    links = _most_telling(drawn, _pairs_on_loops(loops, kept), nodes)
    used = {end for link in links for end in (link.cause, link.effect)}
    kept = [n for n in kept if n in used or words_of(nodes[n].get("kind")) == "stock"]
    shown = {
        n: Node(n, label_of(n, nodes[n]), gear_of(n, nodes[n]), words_of(nodes[n].get("kind")) == "stock") for n in kept
    }
    gears = tuple(_gear(results, g, tuple(n for n in kept if shown[n].gear == g)) for g in order)
    return Choice(gears, shown, links, _loops(loops, shown), len(nodes), len(nodes) - len(shown) + left_gears)


def _edges(results: dict, nodes: dict) -> list[dict]:
    found = [mapping(e) for e in listing(at(results, "graph", "edges"))]
    return [e for e in found if e.get("from") in nodes and e.get("to") in nodes and e.get("from") != e.get("to")]


def _scores(nodes: dict, edges: list, loops: list, size: str) -> dict[str, float]:
    score = {n: {"stock": 3.0, "flow": -1.0}.get(words_of(node.get("kind")), 0.0) for n, node in nodes.items()}
    incoming = defaultdict(list)
    for edge in edges:
        a, b = edge["from"], edge["to"]
        incoming[b].append(a)
        crossing = gear_of(a, nodes[a]) != gear_of(b, nodes[b])
        for end in (a, b):
            score[end] += (0.5 if crossing else 0.05) + (1.2 if edge.get("link") else 0.0)
    through: dict[str, int] = defaultdict(int)
    for loop in loops:
        for name in {str(v) for v in listing(loop.get("links"))} & nodes.keys():
            through[name] += 1
    for name in nodes:
        score[name] += min(2.4, 0.6 * through[name])
        causes = incoming[name]
        # A port that merely carries another gear's variable would be drawn twice under one name.
        if len(causes) == 1 and label_of(causes[0], nodes[causes[0]]) == label_of(name, nodes[name]):
            score[name] -= 4.0
    if size in score:
        score[size] += 10.0
    return score


def _kept(nodes: dict, gears: list[str], score: dict[str, float]) -> list[str]:
    cap = 7 if len(gears) <= 2 else 6 if len(gears) <= 4 else 5 if len(gears) <= 8 else 4
    kept = []
    for gear in gears:
        own = [n for n, node in nodes.items() if gear_of(n, node) == gear]
        best = sorted(own, key=lambda n: -score[n])[:cap]
        kept += [n for n in own if n in best and score[n] > 0.4]
    return kept


def _contracted(edges: list, kept: list[str], nodes: dict, results: dict) -> list[tuple[DrawnLink, int, bool]]:
    """Links between kept variables with (link, chain length, whether a declared link lies on it)."""
    onward = defaultdict(list)
    for edge in edges:
        onward[edge["from"]].append(edge)
    keep, out = set(kept), []
    verdicts = {str(k): words_of(mapping(v).get("verdict")) for k, v in mapping(mapping(results).get("links")).items()}
    for start in kept:
        reached: dict[str, list] = {}
        seen, front = {start}, [(start, 1, False, ())]
        depth = 0
        while front and depth < 8:
            depth += 1
            after = []
            for place, sign, delay, declared in front:
                for edge in onward[place]:
                    target = edge["to"]
                    step = {"+": 1, "-": -1}.get(words_of(edge.get("polarity")), 0)
                    link = (words_of(edge.get("link")),) if edge.get("link") else ()
                    state = (target, sign * step, delay or bool(edge.get("delay")), declared + link)
                    if target in keep:
                        if target != start:
                            reached.setdefault(target, []).append((depth, *state[1:]))
                    elif target not in seen:
                        after.append(state)
            seen.update(state[0] for state in after)
            front = after
        for effect, ways in reached.items():
            shortest = [way for way in ways if way[0] == ways[0][0]]
            signs = {way[1] for way in shortest}
            _, sign, delay, declared = shortest[0]
            found = [verdicts.get(link, "") for link in declared]
            strength = 0 if any("cannot tell" in v or "not turn" in v for v in found) else 2 if any(found) else 1
            across = gear_of(start, nodes[start]) != gear_of(effect, nodes[effect])
            shown = {1: "+", -1: "-"}.get(sign, "?") if len(signs) == 1 else "?"
            out.append((DrawnLink(start, effect, shown, delay, across, strength), ways[0][0], bool(declared)))
    return out


def _pairs_on_loops(loops: list, kept: list[str]) -> set[tuple[str, str]]:
    pairs = set()
    for loop in loops:
        stops = [str(v) for v in listing(loop.get("links")) if str(v) in set(kept)]
        pairs |= {(a, b) for a, b in zip(stops, stops[1:] + stops[:1]) if a != b}
    return pairs


def _most_telling(drawn: list, on_loops: set[tuple[str, str]], nodes: dict) -> tuple[DrawnLink, ...]:
    """At most MOST_LINKS links, in the order found: those on named loops, then one for each variable without any and
    one into and out of each gear, then the shortest chains."""

    def rank(entry: tuple[int, tuple[DrawnLink, int, bool]]) -> tuple:
        index, (link, length, declared) = entry
        looped = (link.cause, link.effect) in on_loops
        return (not looped, length + (0 if declared else 1) + (0 if link.across else 1), index)

    ranked = sorted(enumerate(drawn), key=rank)
    lonely = set().union(*(_joins(link, nodes) for link, _, _ in drawn))
    first, later = [], []
    for entry in ranked:
        link = entry[1][0]
        fresh = _joins(link, nodes) & lonely
        (first if fresh or (link.cause, link.effect) in on_loops else later).append(entry)
        lonely -= fresh
    return tuple(link for _, (link, _, _) in sorted((first + later)[:MOST_LINKS]))


def _joins(link: DrawnLink, nodes: dict) -> set[tuple[str, str]]:
    """What a link keeps from standing alone: its two variables and, where it crosses, its two gears."""
    found = {("variable", link.cause), ("variable", link.effect)}
    if link.across:
        found |= {
            ("out of", gear_of(link.cause, nodes[link.cause])),
            ("into", gear_of(link.effect, nodes[link.effect])),
        }
    return found


def _gear(results: dict, name: str, nodes: tuple[str, ...]) -> DrawnGear:
    about = mapping(mapping(at(results, "wheel", "gears")).get(name))
    opens, now = decimal_year(about.get("opens")), now_of(results)
    closed = opens is not None and now is not None and opens > now
    on_belief = "measured_by" in about and not listing(about.get("measured_by"))
    notes = []
    if opens is not None:
        notes.append(f"opens {int(opens)}" if closed else f"since {int(opens)}")
    if on_belief:
        notes.append("on beliefs")
    title = name.replace("_", " ")
    return DrawnGear(name, title[:1].upper() + title[1:], " · ".join(notes), closed or on_belief, nodes)


def _loops(loops: list, shown: dict) -> tuple[DrawnLoop, ...]:
    out = []
    for loop in loops:
        path = tuple(str(v) for v in listing(loop.get("links")) if str(v) in shown)
        nickname = words_of(loop.get("title"))
        out.append(DrawnLoop(loop_tag(loop), nickname, words_of(loop.get("polarity")), path))
    return tuple(out)
