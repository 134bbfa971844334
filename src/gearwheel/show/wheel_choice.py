"""Which variables and links of a wheel are drawn: the stocks, what crosses between gears and what named loops use.

A wheel has more variables than a picture can hold. Those left out are passed through: a drawn link stands for the
shortest chain of the wheel's own links that runs only through variables left out, with the product of their signs.
A link that the data show is drawn itself: its two variables are kept as long as their gears have room.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from gearwheel.show.gear_state import measured
from gearwheel.show.link_standing import DEFINED, SHOWN, Standing, standings, together
from gearwheel.show.values import at, decimal_year, gear_of, label_of, listing, loop_tag, mapping, now_of, words_of

MOST_GEARS = 12
MOST_LINKS = 46
MOST_VARIABLES = 7  # in one gear: what a gear can seat


@dataclass(frozen=True)
class Node:
    name: str
    label: str
    gear: str
    stock: bool


@dataclass(frozen=True)
class DrawnLink:
    """`sign` is "+", "-", "?" or "0" for no effect; `standing` one of those of `link_standing`; `stands_for` the
    declared links on its chain."""

    cause: str
    effect: str
    sign: str
    delay: bool
    across: bool
    standing: str = DEFINED
    stands_for: tuple[str, ...] = ()


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
    claims: dict[str, str] = field(default_factory=dict)  # link of the whole wheel with a strength to test → standing

    def drawn(self, standing: str) -> int:
        """How many of the wheel's own links of this standing are drawn as such."""
        names = {name for link in self.links if link.standing == standing for name in link.stands_for}
        return sum(self.claims[name] == standing for name in names)

    def there(self, standing: str) -> int:
        """How many links of this standing the whole wheel has."""
        return list(self.claims.values()).count(standing)


def choose(results: dict) -> Choice:
    """Picks what is drawn from `results` (its "wheel", "graph", "loops" and "links"; any may be missing)."""
    nodes = {str(name): mapping(node) for name, node in mapping(at(results, "graph", "nodes")).items()}
    edges = _edges(results, nodes)
    known = standings(results)
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
    kept = _kept(nodes, order, score, _ends_of_shown(edges, known))
    drawn = _contracted(edges, kept, nodes, known)
    links = _most_telling(drawn, _pairs_on_loops(loops, kept), nodes)
    used = {end for link in links for end in (link.cause, link.effect)}
    kept = [n for n in kept if n in used or words_of(nodes[n].get("kind")) == "stock"]
    shown = {
        n: Node(n, label_of(n, nodes[n]), gear_of(n, nodes[n]), words_of(nodes[n].get("kind")) == "stock") for n in kept
    }
    gears = tuple(_gear(results, g, tuple(n for n in kept if shown[n].gear == g)) for g in order)
    claims = {name: one.standing for name, one in known.items()}
    return Choice(gears, shown, links, _loops(loops, shown), len(nodes), len(nodes) - len(shown) + left_gears, claims)


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


def _ends_of_shown(edges: list, known: dict[str, Standing]) -> set[str]:
    shown = [e for e in edges if known.get(words_of(e.get("link")), Standing()).standing == SHOWN]
    return {e[end] for e in shown for end in ("from", "to")}


def _kept(nodes: dict, gears: list[str], score: dict[str, float], needed: set[str]) -> list[str]:
    """The variables of each gear that score best, with room for those of links that the data show."""
    cap = 7 if len(gears) <= 2 else 6 if len(gears) <= 4 else 5 if len(gears) <= 8 else 4
    kept = []
    for gear in gears:
        own = [n for n, node in nodes.items() if gear_of(n, node) == gear]
        best = sorted(own, key=lambda n: -score[n])[:cap]
        room = min(MOST_VARIABLES, cap + len(needed & set(own) - set(best)))
        # more than a stock counts, less than the wheel's size
        rank = {n: score[n] + (6.0 if n in needed else 0.0) for n in own}
        best = sorted(own, key=lambda n: -rank[n])[:room]
        kept += [n for n in own if n in best and rank[n] > 0.4]
    return kept


def _contracted(
    edges: list, kept: list[str], nodes: dict, known: dict[str, Standing]
) -> list[tuple[DrawnLink, int, bool]]:
    """Links between kept variables with (link, chain length, whether a declared link lies on it)."""
    onward = defaultdict(list)
    for edge in edges:
        onward[edge["from"]].append(edge)
    keep, out = set(kept), []
    for start in kept:
        reached: dict[str, list] = {}
        seen, front = {start}, [(start, "+", False, ())]
        depth = 0
        while front and depth < 8:
            depth += 1
            after = []
            for place, sign, delay, declared in front:
                for edge in onward[place]:
                    target = edge["to"]
                    name = words_of(edge.get("link"))
                    step = known[name].sign(edge) if name in known else words_of(edge.get("polarity"))
                    link = (name,) if name in known else ()
                    state = (target, _product(sign, step), delay or bool(edge.get("delay")), declared + link)
                    if target in keep:
                        if target != start:
                            reached.setdefault(target, []).append((depth, *state[1:]))
                    elif target not in seen:
                        after.append(state)
            seen.update(state[0] for state in after)
            front = after
        for effect, ways in reached.items():
            shortest = [way for way in ways if way[0] == ways[0][0]]
            # beside another way, one of no effect adds nothing
            shortest = [way for way in shortest if way[1] != "0"] or shortest
            signs = {way[1] for way in shortest}
            delay, declared = shortest[0][2], tuple(dict.fromkeys(name for way in shortest for name in way[3]))
            across = gear_of(start, nodes[start]) != gear_of(effect, nodes[effect])
            sign = signs.pop() if len(signs) == 1 else "?"
            standing = together([known[name].standing for name in declared])
            out.append((DrawnLink(start, effect, sign, delay, across, standing, declared), ways[0][0], bool(declared)))
    return out


def _product(sign: str, step: str) -> str:
    """The sign of a chain: no effect anywhere is no effect, an open sign anywhere is open."""
    if "0" in (sign, step):
        return "0"
    if sign not in ("+", "-") or step not in ("+", "-"):
        return "?"
    return "+" if sign == step else "-"


def _pairs_on_loops(loops: list, kept: list[str]) -> set[tuple[str, str]]:
    pairs = set()
    for loop in loops:
        stops = [str(v) for v in listing(loop.get("links")) if str(v) in set(kept)]
        pairs |= {(a, b) for a, b in zip(stops, stops[1:] + stops[:1]) if a != b}
    return pairs


def _most_telling(drawn: list, on_loops: set[tuple[str, str]], nodes: dict) -> tuple[DrawnLink, ...]:
    """At most MOST_LINKS links, in the order found: those that the data show, claims on named loops, and one for each
    variable and into and out of each gear; then the rest of named loops, then the shortest chains."""

    def rank(entry: tuple[int, tuple[DrawnLink, int, bool]]) -> tuple:
        index, (link, length, declared) = entry
        on_loop = (link.cause, link.effect) in on_loops
        return (link.standing != SHOWN, not on_loop, length + (0 if declared else 1) + (0 if link.across else 1), index)

    ranked = sorted(enumerate(drawn), key=rank)
    lonely = set().union(*(_joins(link, nodes) for link, _, _ in drawn))
    first, looped, later = [], [], []
    for entry in ranked:
        link, _, declared = entry[1]
        fresh = _joins(link, nodes) & lonely
        on_loop = (link.cause, link.effect) in on_loops
        needed = fresh or link.standing == SHOWN or (on_loop and declared)
        (first if needed else looped if on_loop else later).append(entry)
        lonely -= fresh
    return tuple(link for _, (link, _, _) in sorted((first + looped + later)[:MOST_LINKS]))


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
    state = measured(results, name)
    unread = state.known and not state.fitted
    notes = []
    if opens is not None:
        notes.append(f"opens {int(opens)}" if closed else f"since {int(opens)}")
    if unread:
        notes.append("on beliefs" if state.stands == "on beliefs" else "measured, not fitted")
    title = name.replace("_", " ")
    return DrawnGear(name, title[:1].upper() + title[1:], " · ".join(notes), closed or unread, nodes)


def _loops(loops: list, shown: dict) -> tuple[DrawnLoop, ...]:
    out = []
    for loop in loops:
        path = tuple(str(v) for v in listing(loop.get("links")) if str(v) in shown)
        nickname = words_of(loop.get("title"))
        out.append(DrawnLoop(loop_tag(loop), nickname, words_of(loop.get("polarity")), path))
    return tuple(out)
