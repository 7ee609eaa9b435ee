# How often a unit may open a secret after its start.
{ lib }:
let
  secondsOf =
    { startup }:
    let
      parts = builtins.match "([0-9]+)([smh])" startup;
      unit = {
        s = 1;
        m = 60;
        h = 3600;
      };
    in
    lib.toInt (lib.head parts) * unit.${lib.last parts};
in
{
  # Whether `inner` lets in no later and no more often than `outer`.
  isWithin =
    outer: inner:
    outer == "always"
    || outer == inner
    || (lib.isAttrs outer && lib.isAttrs inner && secondsOf inner <= secondsOf outer);

  # What is within all of these, but for `once` beside a time: nothing is within both.
  strictest =
    all:
    let
      times = lib.sort (a: b: secondsOf a < secondsOf b) (lib.filter lib.isAttrs all);
    in
    if lib.elem "once" all then "once" else lib.head (times ++ [ "always" ]);
}
