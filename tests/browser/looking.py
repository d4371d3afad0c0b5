"""What a person would see on a page in the browser: lost or cut content, movement, and where the focus is.

Most functions return short lines about what is wrong. An empty list means that all is well. Each waits until the page
has loaded, because the width of a page changes when its style sheets arrive.
"""

OPEN_ALL = "for (const holder of document.querySelectorAll('details')) holder.open = true"

OVERFLOW = """() => {
    const page = document.scrollingElement;
    return page.scrollWidth > page.clientWidth ? [`${page.scrollWidth - page.clientWidth} px too wide`] : [];
}"""

# Boxes that may hide part of their content. A field may scroll its text. A wide table may scroll if the keyboard
# reaches it.
SCROLLS = "[tabindex='0']:is([role=group], [role=region])"
MAY_HIDE = f"input, textarea, select, .visually-hidden, .trap, .trap *, svg, svg *, {SCROLLS}"
CUT_OFF = """() => [...document.querySelectorAll("body *:not(MAY_HIDE)")]
    .filter((box) => box.checkVisibility() && box.clientWidth && getComputedStyle(box).overflow !== "visible")
    .filter((box) => box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1)
    .map((box) => `cut off: ${box.outerHTML.slice(0, 120)}`)""".replace("MAY_HIDE", MAY_HIDE)

# On narrow screens, the bar at the lower edge replaces the card beside the text, and one step back the whole way.
WORDS = """() => {
    const words = (part) => part?.innerText.replace(/\\s+/g, " ").trim() ?? "";
    const all = [...document.querySelectorAll("main, footer")].map(words).join(" ");
    const replaced = [...document.querySelectorAll(".talk-card, .breadcrumbs")].map(words);
    return replaced.reduce((rest, part) => rest.replace(part, ""), all).replace(/ +/g, " ").trim();
}"""

MOVEMENT = """() => {
    const takesTime = (times) => times.split(",").some((time) => parseFloat(time) > 0);
    return [
        ...document.getAnimations().map(() => "something is moving"),
        ...[...document.querySelectorAll("*")].filter((element) => {
            const style = getComputedStyle(element);
            return takesTime(style.transitionDuration) || takesTime(style.animationDuration)
                || style.scrollBehavior === "smooth";
        }).map((element) => `can move: ${element.outerHTML.slice(0, 120)}`),
    ];
}"""

# Moves the focus before the first element, or to the last one. Stores how each element looks without focus.
START_OF_TABS = """(atTheEnd) => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    scrollTo(0, 0);
    const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
        .filter((stop) => stop.tabIndex >= 0 && !stop.disabled && stop.type !== "hidden" && stop.checkVisibility());
    const look = (stop) => {
        const style = getComputedStyle(stop);
        return [style.outline, style.boxShadow, style.borderColor, style.backgroundColor].join();
    };
    window.tabs = { look, looks: new Map(stops.map((stop) => [stop, look(stop)])), reached: new Set() };
    if (atTheEnd) {
        stops.at(-1).focus();
        window.tabs.reached.add(stops.at(-1));
    }
}"""

# Returns what is wrong with the focused element, or null at the end of the page.
FOCUSED = """(contrast) => {
    const { look, looks, reached } = window.tabs;
    const stop = document.activeElement;
    if (!stop || stop === document.body || stop === document.documentElement || reached.has(stop)) return null;
    reached.add(stop);
    const faults = [];

    const style = getComputedStyle(stop);
    const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
    const isClear = (color) => numbers(color)[3] === 0;
    if (look(stop) === looks.get(stop)) faults.push("looks the same with the focus");
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2 || isClear(style.outlineColor)) {
        faults.push(`no outline: ${style.outline}`);
    } else if (contrast) {
        const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        const light = (color) => {
            const [r, g, b] = numbers(color).slice(0, 3).map((part) => linear(part / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = (element) => getComputedStyle(element).backgroundColor;
        let behind = stop.parentElement;
        while (behind.parentElement && isClear(paper(behind))) behind = behind.parentElement;
        const [dark, bright] = [style.outlineColor, paper(behind)].map(light).sort((a, b) => a - b);
        const ratio = (bright + 0.05) / (dark + 0.05);
        if (ratio < 3) faults.push(`outline of ${ratio.toFixed(1)} to 1`);
    }

    const box = stop.getBoundingClientRect();
    const [width, height] = [document.documentElement.clientWidth, innerHeight];
    if (box.left < -1 || box.right > width + 1) faults.push("beside the window");
    const seen = Math.min(box.bottom, height) - Math.max(box.top, 0);
    if (seen < Math.min(box.height, 24) - 1) faults.push("above or below the window");

    const floats = (element) => ["sticky", "fixed"].includes(getComputedStyle(element).position);
    const layer = (element) => {
        while (element && !floats(element)) element = element.parentElement;
        return element;
    };
    const at = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? undefined : document.elementFromPoint(x, y));
    for (const part of stop.getClientRects()) {
        const middle = at((part.left + part.right) / 2, (part.top + part.bottom) / 2);
        const isOwn = stop.contains(middle) || middle?.contains(stop);
        if (middle !== undefined && !isOwn) faults.push("covered in its middle");
        // 3 px from its corners, as they may be round
        for (const x of [part.left + 3, part.right - 3]) {
            for (const y of [part.top + 3, part.bottom - 3]) {
                const above = layer(at(x, y));
                if (above && !above.contains(stop)) faults.push("covered at a corner");
            }
        }
    }
    return faults.map((fault) => `${fault}: ${stop.outerHTML.slice(0, 120)}`);
}"""

# Tab reaches one radio button of each group. The arrow keys reach the others.
NOT_REACHED = """() => {
    const reached = [...window.tabs.reached];
    const inReachedGroup = (stop) => stop.type === "radio" && reached.some((other) => other.name === stop.name);
    return [...window.tabs.looks.keys()].filter((stop) => !reached.includes(stop) && !inReachedGroup(stop))
        .map((stop) => `not reached with Tab: ${stop.outerHTML.slice(0, 120)}`);
}"""
MOST_STOPS = 400

# Returns the links to crisis help that are off the screen before scrolling, or covered by another element.
NO_CRISIS_HELP = """() => {
    scrollTo(0, 0);
    const isSeen = (link) => [...link.getClientRects()].every((part) => {
        const at = document.elementFromPoint((part.left + part.right) / 2, (part.top + part.bottom) / 2);
        return part.top >= 0 && part.bottom <= innerHeight && link.contains(at);
    });
    return ["tel:911", "tel:988", "sms:988"]
        .filter((href) => ![...document.querySelectorAll(`a[href="${href}"]`)].some(isSeen))
        .map((href) => `not in the first screen: ${href}`);
}"""


def open_all(page):
    page.evaluate(OPEN_ALL)


def what_does_not_fit(page):
    page.wait_for_load_state()
    return page.evaluate(OVERFLOW) + page.evaluate(CUT_OFF)


def crisis_help_out_of_sight(page):
    """Return the crisis lines that the smallest phone does not show before scrolling, or that are covered."""
    page.wait_for_load_state()
    page.set_viewport_size({"width": 320, "height": 568})
    return page.evaluate(NO_CRISIS_HELP)


def words(page):
    """Return the visible text of the page's content and footer."""
    return page.evaluate(WORDS)


def what_can_move(page):
    page.wait_for_load_state()
    return page.evaluate(MOVEMENT)


def what_hides_the_focus(page, key="Tab", contrast=True):
    """Press Tab or Shift+Tab through the whole page. Return the stops that can't be seen or were not reached."""
    page.wait_for_load_state()
    page.evaluate(START_OF_TABS, key == "Shift+Tab")
    faults = []
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        found = page.evaluate(FOCUSED, contrast)
        if found is None:
            break
        faults += found
    return faults + page.evaluate(NOT_REACHED)
