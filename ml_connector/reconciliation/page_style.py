"""How the page of a statement looks: one style sheet, for a screen, a phone and paper."""

STYLE = """
:root{--ink:#1d2733;--soft:#5a6878;--line:#d9e0e7;--visma:#5f7f9c;--hubspot:#e2785a;--good:#1f7a4d;--bad:#b3261e}
*{box-sizing:border-box}
body{margin:0;background:#f3f5f7;color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1180px;margin:24px auto;padding:32px 40px;background:#fff;border:1px solid var(--line)}
h1{margin:0;font-size:24px;line-height:1.25}
h2{margin:36px 0 10px;padding-bottom:4px;border-bottom:2px solid var(--ink);font-size:17px}
small{color:var(--soft);font-size:13px}
.verdict{margin:12px 0 20px;padding:10px 14px;border-left:5px solid;font-size:17px;font-weight:600}
.verdict.good{color:var(--good);background:#ecf6f0}
.verdict.bad{color:var(--bad);background:#fcefee}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:10px 24px;margin:0}
dt{color:var(--soft);font-size:13px}
dd{margin:0;overflow-wrap:anywhere}
figure{margin:14px 0 20px}
.chart{display:block;width:100%;max-width:640px;height:auto}
.chart .axis{stroke:var(--line);stroke-width:1}
.chart text{fill:var(--soft);font-size:10px}
.chart .mark{text-anchor:end}
.chart .month{text-anchor:middle}
.visma{fill:var(--visma);background:var(--visma)}
.hubspot{fill:var(--hubspot);background:var(--hubspot)}
.chart .off{stroke:var(--bad);stroke-width:1.5}
.legend{margin:2px 0;color:var(--soft);font-size:13px}
.legend span{display:inline-block;width:11px;height:11px;margin:0 5px 0 12px}
table{width:100%;margin:0 0 18px;border-collapse:collapse}
th,td{padding:6px 8px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{color:var(--soft);font-size:13px;font-weight:600}
tbody th{font-weight:600}
.money{table-layout:fixed;font-size:14px}
.money th:first-child{width:18%}
.money th+th,.money td{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tfoot th,tfoot td{border-top:2px solid var(--ink);font-weight:700}
td.off,.checks .off .tick{color:var(--bad);font-weight:700}
.checks .tick{width:28px;color:var(--good);font-weight:700}
th small{font-weight:400}
th small{display:block}
.list td{overflow-wrap:anywhere}
code{padding:1px 5px;background:#eef1f4;font-size:13px;overflow-wrap:anywhere}
.signature{display:flex;gap:48px;margin-top:64px}
.signature div{flex:1;color:var(--soft);font-size:13px}
.signature span{display:block;height:36px;margin-bottom:4px;border-bottom:1px solid var(--ink)}
@media (max-width:1080px){
main{margin:0;padding:20px 16px;border:0}
h1{font-size:20px}
dl{grid-template-columns:1fr 1fr}
.money thead,.list thead{display:none}
.money tr,.list tr{display:block;padding:8px 0;border-bottom:1px solid var(--line)}
.money th,.money td,.list th,.list td{display:block;padding:2px 0;border:0}
.money th:first-child{width:auto}
.money td{display:flex;justify-content:space-between;gap:16px}
.money td::before{content:attr(data-name);color:var(--soft);font-weight:400}
.list td[data-name]::before{content:attr(data-name) ": ";color:var(--soft)}
.signature{gap:20px}
}
@media print{
body{background:#fff;font-size:11px}
main{max-width:none;margin:0;padding:0;border:0}
h2{break-after:avoid}
.money{font-size:9px}
.money th,.money td{padding:4px 3px}
tr,figure,.signature{break-inside:avoid}
.verdict,.visma,.hubspot,code{print-color-adjust:exact;-webkit-print-color-adjust:exact}
@page{size:A4;margin:16mm}
}
"""
