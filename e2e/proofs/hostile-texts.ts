/** What somebody writes into an email's text who wants more than an email. `word`: what would show that it worked. */
export type Hostile = { name: string; subject?: string; html: string; word?: RegExp };

/** What no text may show: a function's source, a file, an object of the machine, a secret's name. */
export const leaked =
  /native code|function \w*\(|root:.*:0:0|\[object process\]|node_modules|DATABASE_URL|ENCRYPTION_KEYS/i;

const doubling = (times: number) =>
  `{% assign s = "xxxxxxxxxx" %}${"{% assign s = s | append: s %}".repeat(times)}{{ s }}`;

/** Each is a text of its own; every one must be refused when it is saved, fail alone, or come to nothing. */
export const hostileTexts: readonly Hostile[] = [
  // Files.
  { name: "includes a file", html: "{% include '/etc/passwd' %}" },
  { name: "renders a file", html: "{% render '../../../etc/passwd' %}" },
  { name: "lays out with a file", html: "{% layout '/etc/passwd' %}{% block a %}{% endblock %}" },
  // Prototypes and what hangs on them.
  {
    name: "asks a profile for its constructor",
    html: "<p>{{ profile.constructor }}{{ profile.__proto__ }}{{ profile['constructor']['constructor'] }}</p>",
  },
  {
    name: "asks a text for its prototype",
    html: "<p>{{ 'a'.constructor.constructor }}{{ event_name.__proto__.toString }}</p>",
  },
  {
    name: "asks a list for its methods",
    html: "{% assign l = 'a,b' | split: ',' %}<p>{{ l.map }}{{ l.constructor }}{{ l['__proto__'] }}</p>",
  },
  {
    name: "asks for the machine",
    html: "<p>{{ process }}{{ global }}{{ globalThis }}{{ this }}{{ require }}{{ env.DATABASE_URL }}</p>",
  },
  {
    name: "reads what the person's traits inherit",
    html: "<p>{{ profile.hasOwnProperty }}{{ profile.valueOf }}{{ event.toString }}</p>",
  },
  // Work without end.
  {
    name: "loops for ever",
    html: "{% for i in (1..1000000000) %}{% for j in (1..1000000000) %}.{% endfor %}{% endfor %}",
  },
  {
    name: "loops in loops",
    html: "{% for a in (1..3000) %}{% for b in (1..3000) %}{% for c in (1..3000) %}{% assign x = c | plus: 1 %}{% endfor %}{% endfor %}{% endfor %}done",
  },
  {
    name: "sorts without end",
    html: "{% assign l = (1..900000) %}{% for i in (1..1000) %}{% assign l = l | reverse | sort %}{% endfor %}done",
  },
  { name: "formats dates without end", html: "{% for i in (1..1000000) %}{{ 'now' | date: '%c' }}{% endfor %}" },
  // Output without end.
  { name: "writes 100 MB by doubling", html: doubling(24) },
  { name: "writes 100 MB by repeating", html: "{% for i in (1..10000000) %}xxxxxxxxxx{% endfor %}" },
  { name: "joins a range", html: "{{ (1..100000000) | join: 'xxxxxxxxxx' }}" },
  {
    name: "pads with replace",
    html: `{% assign s = "${"a".repeat(2_000)}" %}{% for i in (1..8) %}{% assign s = s | replace: "a", "aaaaaaaaaa" %}{% endfor %}{{ s }}`,
  },
  { name: "writes a subject of 100 MB", subject: doubling(24), html: "<p>short</p>" },
  // Line breaks where they would be headers.
  {
    name: "breaks the subject by a trait",
    subject: "Hello {{ profile.first_name }}",
    html: "<p>{{ profile.first_name }}</p>",
  },
  {
    name: "breaks the subject by newline_to_br",
    subject: "{{ profile.first_name | newline_to_br }}",
    html: "<p>x</p>",
  },
  {
    name: "breaks the subject by url_decode",
    subject: "{{ 'Hi%0D%0ABcc%3A%20thief%40example.com' | url_decode }}",
    html: "<p>x</p>",
  },
];

/** The trait that every person of this proof carries. */
export const brokenName = "Ada\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script>";
