namespace RaftStore.Verification.Pages;

/// <summary>The look of every page: one style sheet, light and dark, without anything from elsewhere.</summary>
public static class PageStyle
{
    /// <summary>The style sheet.</summary>
    public const string Css = """
        :root { color-scheme: light dark; --paper: #fbfbf9; --card: #ffffff; --ink: #1d2329; --soft: #5d6872; --line: #dfe3e6; --ok: #2f6fb7; --refused: #7a5cc0;
          --dropped: #98a2ab; --unknown: #c98a1b; --bad: #c93030; --good: #2b8a4b; --band: #f3f5f6; --fault: #c96a1b; --p99: #b0508c; }
        @media (prefers-color-scheme: dark) { :root { --paper: #14181c; --card: #1b2127; --ink: #e4e8eb; --soft: #98a4ae; --line: #303942; --ok: #5d9be0; --refused: #a68cf0;
          --dropped: #6d7882; --unknown: #e0ac4a; --bad: #f06a6a; --good: #58bf7a; --band: #20272e; --fault: #e39450; --p99: #db82b8; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
        main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
        h1 { font-size: 25px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 0 0 10px; }
        p { margin: 6px 0; } .soft { color: var(--soft); } code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 6px 0; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin: 18px 0; }
        .verdict { border-left: 6px solid var(--good); } .verdict.bad { border-left-color: var(--bad); } .verdict.open { border-left-color: var(--unknown); }
        .verdict h1 span { color: var(--good); } .verdict.bad h1 span { color: var(--bad); } .verdict.open h1 span { color: var(--unknown); }
        .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px; margin-top: 14px; }
        .facts div { background: var(--band); border-radius: 8px; padding: 10px 12px; } .facts b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; }
        .facts span { color: var(--soft); font-size: 13px; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } th { text-align: left; color: var(--soft); font-weight: 500; }
        th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; } td.n, th.n { text-align: right; }
        .scroll { overflow-x: auto; } svg { display: block; max-width: none; } svg text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: var(--ink); } svg .soft { fill: var(--soft); }
        svg .tag { font-weight: 700; } svg .in, svg .beside { font-size: 11px; pointer-events: none; } svg .in { fill: #ffffff; }
        .lane { fill: var(--band); } .rule { stroke: var(--line); } .cut { stroke: var(--soft); stroke-dasharray: 2 4; }
        .ok { fill: var(--ok); } .refused { fill: var(--refused); } .dropped { fill: var(--dropped); } .unknown { fill: var(--unknown); }
        .bar { opacity: .32; } .bar.piece { opacity: 1; stroke: var(--bad); stroke-width: 2.5; }
        ol.told { margin: 10px 0 0; padding-left: 26px; } ol.told li { margin: 3px 0; overflow-wrap: anywhere; } .why { margin-top: 10px; overflow-wrap: anywhere; }
        .legend { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 8px 0 0; color: var(--soft); font-size: 13px; } .legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
        """;
}
