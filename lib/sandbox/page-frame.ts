import "server-only";
import { type Html, html } from "./markup";

const style = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1a1d23;--soft:#5b6472;--line:#dfe3e8;--accent:#3451b2;--warn-bg:#fff6dc;--warn:#6b4e00;--good:#17663a;--bad:#a1262b}
@media (prefers-color-scheme:dark){:root{--bg:#14161a;--card:#1c1f25;--ink:#e8eaee;--soft:#a2abb8;--line:#333944;--accent:#9db2ff;--warn-bg:#33290f;--warn:#f2d58a;--good:#7bd7a0;--bad:#ff9a9d}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
a{color:var(--accent)}
header,main{max-width:60rem;margin:0 auto;padding:1rem}
main{padding-top:0}
header h1{font-size:1.25rem;margin:0 0 .5rem}
.notice{background:var(--warn-bg);color:var(--warn);border-radius:.5rem;padding:.6rem .8rem;margin:0}
.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;margin:0 0 1rem;padding:.9rem 1rem;overflow-wrap:anywhere}
.card h2{font-size:1rem;margin:0 0 .5rem}
.soft{color:var(--soft)}
.list{list-style:none;margin:0;padding:0}
.list a{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.1rem .75rem;padding:.7rem 1rem;color:inherit;text-decoration:none;border-top:1px solid var(--line)}
.list li:first-child a{border-top:0}
.list a:hover,.list a:focus-visible{background:color-mix(in srgb,var(--accent) 8%,transparent)}
.list b{font-weight:600}
.list span,.list b{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.list .when{text-align:right}
.state{border:1px solid currentColor;border-radius:1rem;padding:0 .55rem;font-size:.8rem;justify-self:end}
.delivered,.opened,.clicked{color:var(--good)}
.bounced,.complained,.unsubscribed{color:var(--bad)}
.flush{padding:0;overflow:hidden}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem .9rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace}
iframe{width:100%;height:26rem;color-scheme:light;border:1px solid var(--line);border-radius:.4rem;background:#fff}
form.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.35rem 0}
button,input,select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.35rem .7rem;max-width:100%}
button{cursor:pointer;text-align:left;overflow-wrap:anywhere}
button:hover{border-color:var(--accent)}
button:disabled{opacity:.55;cursor:not-allowed}
input[type=search]{flex:1;min-width:8rem}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
ol.events{margin:0;padding-left:1.2rem}
@media (max-width:30rem){dl{grid-template-columns:1fr}dt{margin-top:.3rem}}
`;

// Asks every two seconds while the page is seen and nobody is typing; an unchanged outbox answers 304.
const refresh = `
let tag=document.body.dataset.version;
setInterval(async()=>{
  const held=document.activeElement&&document.activeElement.closest("main form");
  if(document.visibilityState!=="visible"||held)return;
  try{
    const answer=await fetch(location.href,{headers:{"If-None-Match":tag}});
    if(answer.status!==200)return;
    tag=answer.headers.get("ETag");
    const next=new DOMParser().parseFromString(await answer.text(),"text/html");
    for(const fresh of next.querySelectorAll("[data-live]")){
      const old=document.getElementById(fresh.id);
      if(old)old.replaceWith(document.adoptNode(fresh));
    }
  }catch{document.title="Sandbox stopped"}
},2000);
`;

export const policy = (nonce: string) =>
  `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/** A whole page. Parts marked `data-live` (with an id) are renewed in place. */
export function frame(page: {
  title: string;
  heading: Html | string;
  body: Html;
  nonce: string;
  version: string | null;
}): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
<style>${{ html: style }}</style>
</head>
<body data-version="${page.version ?? ""}">
<header>
<h1>${page.heading}</h1>
<p class="notice"><strong>This is a sandbox, not Postmark.</strong> Nothing leaves this machine: no mail is delivered, and deliveries, opens, clicks and bounces are made up.</p>
</header>
<main>${page.body}</main>
${page.version !== null && html`<script nonce="${page.nonce}">${{ html: refresh }}</script>`}
</body>
</html>
`;
  return document.html;
}
