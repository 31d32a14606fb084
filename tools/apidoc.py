# SPDX-License-Identifier: BSD-2-Clause
"""
The comments of public headers: checked, and turned into what Doxygen reads.

    apidoc.py check [--symbols FILE]... HEADER...   every function says what CONTRIBUTING.md asks for
    apidoc.py filter HEADER                         the header with Doxygen's commands, line for line

A comment stands right before what it is about. That of a function:

    /**
     * fh_page_read() - Copy bytes out of a @page, owned or borrowed.
     * @offset: bytes from its start.
     *
     * Text.
     * Return: 0, -EINVAL (...).
     */

The lines that begin with Return, Context, Ownership, TLB or Source are sections; each goes on until the
next one or an empty line. Context and Source of a header's opening comment hold for all of it.
"""
import os
import re
import sys

SECTIONS = ("Return", "Context", "Ownership", "TLB", "Source")
SECTION = re.compile(rf"({'|'.join(SECTIONS)}):(?: (.*))?$")
PARAMETERS = re.compile(r"@(\w+(?:, @\w+)*):(?: (.*))?$")

# Parameters that need no line of their own. These are the object that a call is about, or its sink:
OBJECTS = {
    "struct fh_memmap": "the map.",
    "struct fh_frames": "the instance.",
    "struct fh_pgtable": "the table.",
    "struct fh_gather": "the gather.",
    "struct fh_shape": "the table's shape.",
    "struct fh_out": "where the text goes.",
}
# ... and these have their unit in their type; it is enough that the function's first line names them.
UNITS = {
    "fh_phys_addr_t": "physical address.",
    "fh_dma_addr_t": "device address.",
    "fh_pfn_t": "frame number.",
    "fh_resource_size_t": "bytes.",
    "struct fh_page": "its handle.",
    "bool": "as said above.",
}


class Comment:
    """A comment of a header: its lines without decoration, and what they say."""

    def __init__(self, text, line):
        self.line = line
        self.kernel_doc = text.startswith("/**")
        body = re.sub(r"^/\*+", "", text)[:-2]
        self.lines = [re.sub(r"^\s*\*? ?", "", line).rstrip() for line in body.split("\n")]
        self.title = ""
        self.brief = ""
        self.parameters = {}
        self.sections = {}
        self.kinds = self.parse()

    def parse(self):
        """Return: of each line the kind: empty, brief, text, picture, a tuple of names, a section."""
        kinds = []
        kind = None
        texts = {}
        for line in self.lines:
            parameters = PARAMETERS.match(line)
            section = SECTION.match(line)
            if not line:
                kind = kind if kind is None else "text"
                kinds.append("empty")
                continue
            if parameters:
                kind = tuple(parameters[1].split(", @"))
                line = parameters[2] or ""
            elif section:
                kind = section[1]
                line = section[2] or ""
            elif kind is None:
                kind = "brief"
            elif kind in ("text", "picture"):
                kind = "picture" if line.startswith("  ") else "text"
            texts.setdefault(kind, []).append(line.strip())
            kinds.append(kind)
        for kind, words in texts.items():
            if isinstance(kind, tuple):
                self.parameters.update({name: " ".join(words) for name in kind})
            elif kind in SECTIONS:
                self.sections[kind] = " ".join(words)
        brief = " ".join(texts.get("brief", []))
        title = re.match(r"((?:struct |enum )?\w+(?:\(\))?) - ", brief)
        self.title = title[1] if title else ""
        self.brief = brief[title.end():] if title else brief
        return kinds


class Item:
    """Something that a header declares."""

    def __init__(self, kind, name, comment, start, end, line):
        self.kind, self.name, self.comment = kind, name, comment
        self.start, self.end, self.line = start, end, line
        self.parameters = []
        self.returns = ""


def split_top(text, separator):
    """Split where no bracket is open."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == separator and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def declared_name(text):
    """Return: the name in a declarator, also of an array or of a pointer to a function."""
    pointer = re.search(r"\(\s*\*\s*(\w+)", text)
    return pointer[1] if pointer else re.findall(r"\w+", re.sub(r"\[.*", "", text))[-1]


def plain_type(text):
    """Return: a type without qualifiers and pointers."""
    return re.sub(r"\b(const|volatile)\b|\*", "", text).strip()


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.S)


def make_item(text, comment, start, end, line):
    """A declaration that ends at @end."""
    code = re.sub(r"\b__attribute__\s*\(\(.*?\)\)", " ", without_comments(text))
    code = re.sub(r"\bFH_[A-Z0-9_]+(\s*\([^()]*\))?(?=[\s;,)])", " ", code.split("{")[0])
    code = " ".join(code.rstrip("; \n").split())
    typedef = code.startswith("typedef ")
    aggregate = re.match(r"(?:typedef )?(struct|enum|union)\b ?(\w*)$", code)
    if aggregate:
        name = aggregate[2] or re.findall(r"\w+", without_comments(text))[-1]
        return Item(aggregate[1] if "{" in text else "forward", name, comment, start, end, line)
    function = re.match(r"([^()]*?)(\w+) ?\((.*)\)$", code)
    if not function:
        return Item("variable", declared_name(code), comment, start, end, line)
    item = Item("typedef" if typedef else "function", function[2], comment, start, end, line)
    item.returns = re.sub(r"\b(typedef|static|inline|extern|_Noreturn) ", "", function[1]).strip()
    for parameter in split_top(function[3], ","):
        if parameter != "void":
            name = declared_name(parameter)
            kind = plain_type(re.sub(rf"\b{name}$", "", parameter))
            item.parameters.append((name, kind))
    return item


def declaration_end(text, at):
    """Return: where the declaration that begins at @at ends; a function's body is part of it."""
    depth = 0
    callable_ = False
    while at < len(text):
        if text.startswith("/*", at):
            at = text.index("*/", at) + 2
            continue
        char = text[at]
        callable_ |= char == "(" and not depth
        depth += (char in "({") - (char in ")}")
        at += 1
        if not depth and (char == ";" or char == "}" and callable_):
            break
    return at


class Header:
    """A public header: its opening comment and all that it declares."""

    def __init__(self, path):
        self.path = os.path.relpath(path)
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.opening = None
        self.opening_span = None
        self.items = []
        self.comment_spans = []
        self.parse()

    def line_of(self, at):
        return self.text.count("\n", 0, at) + 1

    def parse(self):
        text, at, pending = self.text, 0, None
        comments = 0
        while at < len(text):
            space = re.compile(r"\s*").match(text, at)
            if space[0].count("\n") > 1:
                pending = None
            at = space.end()
            if at >= len(text):
                break
            start = at
            if text.startswith("/*", at):
                at = text.index("*/", at) + 2
                pending = (Comment(text[start:at], self.line_of(start)), start, at)
                comments += 1
                # Behind something on its line, it is about that.
                if self.items and "\n" not in text[self.items[-1].end:start]:
                    pending = None
                if comments == 2 and not self.items:
                    self.opening, self.opening_span, pending = pending[0], pending[1:], None
                continue
            if text[at] == "#":
                at = re.compile(r"(?:[^\n]*\\\n)*[^\n]*").match(text, at).end()
                define = re.match(r"#\s*define (\w+)", text[start:at])
                if define:
                    self.add(Item("macro", define[1], None, start, at, self.line_of(start)), pending)
                    pending = None
                continue
            at = declaration_end(text, at)
            self.add(make_item(text[start:at], None, start, at, self.line_of(start)), pending)
            pending = None

    def add(self, item, pending):
        if pending:
            item.comment = pending[0]
            self.comment_spans.append((item, pending[1], pending[2]))
        self.items.append(item)

    def inherited(self, section):
        return self.opening.sections.get(section, "") if self.opening else ""


# ---- check


def errnos():
    with open("lib/error.h", encoding="utf-8") as file:
        return set(re.findall(r"^#define (E\w+)", file.read(), re.M))


def parameter_faults(item):
    for name, kind in item.parameters:
        described = name in item.comment.parameters or kind in OBJECTS
        if kind in UNITS or kind.startswith("enum "):
            described = described or re.search(rf"@{name}\b", item.comment.brief)
        if not described:
            yield f"parameter {name}: not described"
    known = {name for name, _ in item.parameters}
    for name in item.comment.parameters:
        if name not in known:
            yield f"parameter {name}: there is none"


def is_question(item):
    """Of a predicate the first line may ask what the answer says."""
    return item.returns == "bool" and item.comment.brief.endswith("?")


def return_faults(item, numbers, functions):
    text = item.comment.sections.get("Return", "")
    if item.returns in ("void", ""):
        if text:
            yield "Return: of a function that returns nothing"
        return
    if not text:
        if not is_question(item):
            yield "Return: missing"
        return
    for name in re.findall(r"-(E[A-Z]+)\b", text):
        if name not in numbers:
            yield f"Return: -{name}: not an error of lib/error.h"
    others = re.findall(r"\bas (fh_\w+)\(\)", text)
    for name in others:
        if name not in functions:
            yield f"Return: {name}(): not a public function"
    named = re.search(r"-E[A-Z]+\b|what @\w+", text)
    if item.returns in ("int", "int64_t") and not others and not named:
        yield "Return: names no error"
    if item.returns.endswith("struct fh_page *") and not others and "NULL" not in text:
        yield "Return: does not say when it is NULL"


def function_faults(header, item, numbers, functions):
    comment = item.comment
    if not comment or not comment.kernel_doc or not comment.brief:
        yield "no comment of its own"
        return
    if comment.title != f"{item.name}()":
        yield f"its comment is about {comment.title or 'something else'}"
    yield from parameter_faults(item)
    yield from return_faults(item, numbers, functions)
    if not (comment.sections.get("Context") or header.inherited("Context")):
        yield "Context: missing, here and in the header's opening comment"
    if header.path.startswith("iommu/") and not (
            comment.sections.get("Source") or header.inherited("Source")):
        yield "Source: missing, here and in the header's opening comment"


def check(headers, symbols):
    """Return: how many faults there were; each is printed."""
    functions = {item.name for header in headers for item in header.items if item.kind == "function"}
    names = functions | {item.name for header in headers for item in header.items}
    numbers = errnos()
    count = 0
    for header in headers:
        for item in header.items:
            if item.kind != "function":
                continue
            for fault in function_faults(header, item, numbers, functions):
                print(f"{header.path}:{item.line}: {item.name}: {fault}")
                count += 1
    # Of what is exported nothing may be overlooked because its declaration was not understood.
    code = "\n".join(without_comments(header.text) for header in headers)
    for symbol in symbols:
        if symbol not in names and re.search(rf"\b{symbol}\b", code):
            print(f"{symbol}: exported, and its declaration is not understood")
            count += 1
    if not functions:
        print("no function in any header")
    return count or not functions


# ---- filter


def escape(text):
    """Text for Doxygen: nothing in it is markup, but that @name is code."""
    text = re.sub(r"([\\*_#`|])", r"\\\1", text.replace("&", "&amp;"))
    text = text.replace("<", "&lt;").replace(">", "&gt;").replace("::", "\\::")

    def code(match):
        return f"<tt>{match[1]}</tt>"
    text = re.sub(r"@(\w+(?:(?:-&gt;|\\_)\w*)*)", code, text)
    # Inside words an underscore is none of emphasis, and names are found only without a backslash.
    text = re.sub(r"(?<=\w)\\_(?=\w)", "_", text)
    return re.sub(r"^([-+]|\d+\.)(?= )", r"\\\1", text)


def generated_parameters(item):
    """Those without a line: before the ones that have one, and after them."""
    before, after = [], []
    met = False
    for name, kind in item.parameters:
        if name in item.comment.parameters:
            met = True
            continue
        text = OBJECTS.get(kind) or UNITS.get(kind)
        if not text and kind.startswith("enum "):
            text = f"one of {kind}."
        if text:
            (after if met else before).append(f"@param {name} {text}")
    return " ".join(before), " ".join(after)


def generated_end(header, item):
    words = []
    if "Return" not in item.comment.sections and is_question(item):
        words.append("@return Whether it is so.")
    for section in ("Context", "Source"):
        text = header.inherited(section)
        if text and section not in item.comment.sections:
            if section == "Context":
                text += f" (All of {header.path}.)"
            words.append(f"@{section.lower()} {escape(text)}")
    return " ".join(words)


def doxygen_line(comment, at, first, item):
    """One line of a comment."""
    line, kind = comment.lines[at], comment.kinds[at]
    if kind == "empty":
        return ""
    if kind == "picture":
        return line
    names = PARAMETERS.match(line)
    if isinstance(kind, tuple):
        # Of a struct the fields get it, in their own places.
        if not item or item.kind not in ("function", "typedef"):
            return ""
        return f"@param {','.join(kind)} {escape(names[2] or '')}" if names else escape(line.strip())
    section = SECTION.match(line)
    if kind in SECTIONS and section:
        return f"@{section[1].lower()} {escape(section[2] or '')}"
    if kind == "brief" and first:
        title = f"{comment.title} - " if comment.title else ""
        return f"@brief {escape(line.removeprefix(title))}"
    return escape(line.strip())


def doxygen_comment(header, comment, item, opening=""):
    """The comment with as many lines as it has; what is generated shares lines with what is there."""
    kinds = comment.kinds
    lines = []
    before, after, end = "", "", ""
    if item and item.kind in ("function", "typedef"):
        before, after = generated_parameters(item)
    if item and item.kind == "function":
        end = generated_end(header, item)
    last_brief = max((at for at, kind in enumerate(kinds) if kind == "brief"), default=-1)
    last_names = max((at for at, kind in enumerate(kinds) if isinstance(kind, tuple)), default=-1)
    for at, kind in enumerate(kinds):
        line = doxygen_line(comment, at, "brief" not in kinds[:at], item)
        was, will = kinds[at - 1] if at else None, kinds[at + 1] if at + 1 < len(kinds) else None
        following = next((k for k in kinds[at + 1:] if k != "empty"), None)
        preceding = next((k for k in reversed(kinds[:at]) if k != "empty"), None)
        # Pictures with empty lines inside are one.
        if will == "picture" and kind != "picture" and not (kind == "empty" and preceding == "picture"):
            line += " @verbatim"
        if was == "picture" and kind != "picture" and not (kind == "empty" and following == "picture"):
            line = f"@endverbatim {line}"
        if at == last_brief and before:
            line += f" {before}"
        if at == last_names and after:
            line += f" {after}"
        lines.append(line.rstrip())
    if end:
        lines[-1] += f" {end}"
    if opening:
        lines[0] = f"{opening} {lines[0]}".rstrip()
    # Between @verbatim and @endverbatim an asterisk would be shown.
    bare = [kind == "picture" or line.startswith("@endverbatim") for kind, line in zip(kinds, lines)]
    text = ["/** " + lines[0]] + [("   " if bare[at] else " * ") + lines[at] for at in range(1, len(lines))]
    return "\n".join(line.rstrip() for line in text) + " */"


def document_fields(text, comment):
    """The body of a struct or an enum, each field with its text from @comment or behind it."""
    if comment and re.search(r"\bprivate\b", " ".join(comment.lines)):
        return re.sub(r"(?s)\{.*\}", lambda match: "{" + "\n" * match[0].count("\n") + "}", text)
    text = re.sub(r"(?<=[;,}\w])([ \t]+)/\* (.*?) \*/", lambda m: f"{m[1]}/**< {escape(m[2])} */", text)
    out = []
    for line in text.split("\n"):
        field = re.match(r"(\t+[^/]*?);$", line)
        name = declared_name(re.sub(r"\)\(.*", ")", field[1])) if field else None
        if comment and name in comment.parameters:
            line += f" /**< {escape(comment.parameters[name])} */"
        out.append(line)
    return "\n".join(out)


def document_field_tails(text, comment):
    """The same for a field whose declaration goes over several lines."""
    def add(match):
        name = declared_name(match[1])
        if comment and name in comment.parameters:
            return f"{match[0]} /**< {escape(comment.parameters[name])} */"
        return match[0]
    return re.sub(r"(\(\*\w+\))\([^;{}]*\n[^;{}]*\);", add, text)


def filtered(header):
    """The header's text for Doxygen."""
    edits = []
    if header.opening:
        edits.append((*header.opening_span, doxygen_comment(header, header.opening, None, f"@file {header.path}")))
    for item, start, end in header.comment_spans:
        edits.append((start, end, doxygen_comment(header, item.comment, item)))
    for item in header.items:
        text = header.text[item.start:item.end]
        if item.kind in ("struct", "enum", "union"):
            text = document_field_tails(document_fields(text, item.comment), item.comment)
        elif item.kind == "macro":
            text = re.sub(r"/\* (.*?) \*/$", lambda match: f"/**< {escape(match[1])} */", text)
        edits.append((item.start, item.end, text))
    out, at = [], 0
    for start, end, text in sorted(edits):
        out += [header.text[at:start], text]
        at = end
    return "".join(out) + header.text[at:]


def main(words):
    mode = words.pop(0) if words else ""
    symbols = set()
    while mode == "check" and words[:1] == ["--symbols"]:
        with open(words[1], encoding="utf-8") as file:
            symbols |= set(file.read().split())
        del words[:2]
    if mode not in ("check", "filter") or not words:
        print(__doc__, file=sys.stderr)
        return 2
    headers = [Header(path) for path in words]
    if mode == "check":
        return 1 if check(headers, symbols) else 0
    for header in headers:
        sys.stdout.write(filtered(header))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
