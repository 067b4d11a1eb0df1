"""Parameters: a command's signature says what it takes, and click is told here.

click is there with uvicorn; what is built on top of it takes longer to load than the sandbox to start."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import click


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What the annotation of an argument says, by its place on the command line."""

    help: str
    metavar: str | None = None
    dir_okay: bool = True


class Option:
    """What the annotation of an option says. Its flags are made from the parameter's name unless some are given."""

    def __init__(
        self,
        *flags: str,
        help: str,  # noqa: A002 click has the name
        metavar: str | None = None,
        envvar: str | None = None,
        min: int | None = None,  # noqa: A002 click has the name
        max: int | None = None,  # noqa: A002 click has the name
        dir_okay: bool = True,
    ) -> None:
        self.flags, self.help, self.metavar, self.envvar = flags, help, metavar, envvar
        self.range, self.dir_okay = (min, max), dir_okay


def command(name: str, function: Callable[..., None]) -> click.Command:
    """Make a command from a function; its docstring is the help."""
    hints = get_type_hints(function, include_extras=True)
    taken = [_parameter(each, hints[each.name]) for each in inspect.signature(function).parameters.values()]
    return _Command(name, callback=function, params=taken, help=inspect.getdoc(function))


def _parameter(parameter: inspect.Parameter, hint: Any) -> click.Parameter:
    kind, said = get_args(hint)
    kind = _without_none(kind)
    many = get_origin(kind) is list
    needed = parameter.default is inspect.Parameter.empty
    given: dict[str, Any] = {
        "type": _type(get_args(kind)[0] if many else kind, said),
        "required": needed,
        "metavar": said.metavar,
        **({} if needed or many else {"default": parameter.default}),
        **({"callback": _as_list} if many else {}),
    }
    if isinstance(said, Argument):
        return _Argument([parameter.name], **given, **({"nargs": -1} if many else {}), help=said.help)
    flags = said.flags or (f"--{parameter.name.replace('_', '-')}",)
    shown: Mapping[str, Any] = {"help": said.help, "envvar": said.envvar, "show_envvar": True, "show_default": True}
    return click.Option([parameter.name, *flags], **given, **shown, multiple=many, is_flag=kind is bool)


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in {Union, types.UnionType}:
        return next(each for each in get_args(kind) if each is not type(None))
    return kind


def _type(kind: type, said: Argument | Option) -> click.ParamType[Any]:
    if kind is int and isinstance(said, Option) and said.range != (None, None):
        return click.IntRange(*said.range)
    if kind is Path:
        return click.Path(path_type=Path, dir_okay=said.dir_okay)
    return click.types.convert_type(kind)


def _as_list(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> list[str]:
    return list(value)


class _Argument(click.Argument):
    """An argument that tells in the help what it is."""

    def __init__(self, names: list[str], *, help: str, **more: Any) -> None:  # noqa: A002 click has the name
        super().__init__(names, **more)
        self.told = help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Return the line of the help."""
        return self.make_metavar(ctx), self.told


class _Command(click.Command):
    """A command whose help has its arguments in a section of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        for title, kind in (("Arguments", click.Argument), ("Options", click.Option)):
            lines = [each.get_help_record(ctx) for each in self.get_params(ctx) if isinstance(each, kind)]
            if lines:
                with formatter.section(title):
                    formatter.write_dl([line for line in lines if line])
