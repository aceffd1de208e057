"""Finds variables that outlive a run: namespace-scope variables, static members, function-local statics.

No C++ parser: braces are followed, and each brace is named a namespace, a type, a body or an
initialiser by the words before it. A variable is mutable unless it is constexpr or const
(for a pointer: the pointer itself). `Foo x(1);` at namespace scope looks like a function and is missed.
"""
import re

TOKEN = re.compile(r"[{};]")
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
LEAD = re.compile(r"^(?:\s*(?:public|private|protected)\s*:(?!:)|\s*\[\[.*?\]\]|\s*__extension__\b)+", re.S)
NOT_A_VARIABLE = re.compile(
    r"^(using|typedef|namespace|class|struct|union|enum|static_assert|friend|concept|template|asm|goto"
    r"|return|case|default|extern\s+\"\")\b|^extern\s*\"\"|\boperator\b|^[,):]"
)
STORAGE = re.compile(r"^(?:(?:inline|static|thread_local|extern|constinit)\s+)+")


def mutable_variables(code):
    """Yields (offset, declaration) for code whose comments and literals are blanked."""
    code = DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), code)
    scopes, start = ["namespace"], 0
    for token in TOKEN.finditer(code):
        raw = code[start:token.start()]
        head = without_template(LEAD.sub("", raw).strip())
        scope = scopes[-1]
        if token[0] == "}":
            if len(scopes) > 1:
                scopes.pop()
        else:
            kind = kind_of_brace(head, scope) if token[0] == "{" else None
            if kind in (None, "initialiser") and is_mutable(head, scope):
                yield start + len(raw) - len(raw.lstrip()), " ".join(head.split())
            if kind:
                scopes.append(kind)
        start = token.end()


def kind_of_brace(head, scope):
    if scope in ("body", "initialiser") and not re.match(r"(struct|class|union)\b", head):
        return "body"
    before_value = declarator(head)
    if re.match(r"(inline\s+)?namespace\b|extern\s*\"\"", head):
        return "namespace"
    if re.match(r"enum\b", head):
        return "initialiser"
    if re.match(r"(struct|class|union)\b", head) and "(" not in before_value:
        return "type"
    if "(" in before_value or not head or head[0] in ",):":
        return "body"
    return "initialiser"


def is_mutable(head, scope):
    storage = STORAGE.match(head)
    lasts = bool(storage and re.search(r"static|thread_local", storage[0]))
    if NOT_A_VARIABLE.search(head) or (scope != "namespace" and not lasts):
        return False
    name = declarator(head)
    if "(" in name and scope in ("namespace", "type"):
        return False  # a function
    if not re.search(r"[\w*&\]]\s*[\s*&]\w", STORAGE.sub("", name)):
        return False  # one word declares nothing
    if re.search(r"\bconstexpr\b", name):
        return False
    if "*" in name:
        return not re.search(r"\*\s*const\b[^*]*$", name)
    return not re.search(r"\bconst\b", name)


def declarator(head):
    """What stands before the value: `int x` of `int x = f(1)`. Angle brackets are dropped."""
    return without_angles(re.split(r"(?<![=!<>+\-*/%&|^])=(?!=)", without_angles(head), maxsplit=1)[0])


def without_angles(text):
    previous = None
    while previous != text:
        previous, text = text, re.sub(r"<[^<>]*>", " ", text)
    return text


def without_template(head):
    while head.startswith("template"):
        rest = head[len("template"):].lstrip()
        if not rest.startswith("<"):
            return head
        depth = 0
        for i, c in enumerate(rest):
            depth += (c == "<") - (c == ">")
            if depth == 0:
                head = rest[i + 1:].strip()
                break
        else:
            return head
    return head
