/**
 * Prose that looks like an attack.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';

const REPLIES: Readonly<Record<string, string>> = {
  'a question about SQL':
    "Having met your team: does it do SELECT name FROM users WHERE id = 1 OR 1=1; -- and what of O'Brien' OR 'a'='a?",
  'a snippet of a page':
    'We put <script>alert("hi")</script> and <img src=x onerror=alert(1)> there.',
  'a path and a command': 'It is in ../../etc/passwd; try `cat /etc/hosts | grep us` or $(id).',
  'a template': 'Dear {{ first_name }}, ${jndi:ldap://example.com/a} {% if x %} <%= y %>',
  'a union of select committees':
    'The union select committee will drop table tennis and insert into the agenda; update set for Friday.',
};

export const check = defineCheck({
  id: 'content/waf',
  level: 'MUST',
  title: 'Accepts replies that look like an attack',
  requirement: {
    text: 'reply_preview is what a person wrote, as plain text: any text may come',
    source: 'guide, "email.replied"',
  },
  cause:
    'A firewall for web applications, in front or as a middleware, refuses bodies by their words; or the text is put into a query as it is.',
  fix: 'Take the webhook’s path out of rules on bodies: the signature says who sends it. Then treat the text as data: bound parameters in SQL, escaping in HTML.',
  catches: ['content-firewall', 'content-sql-built-from-text'],
  stage: 'valid',
  after: ['signature/body-reserialized'],
  run: (probe) =>
    judgeAccepted(
      probe,
      Object.entries(REPLIES).map(([name, reply_preview]) => ({
        name,
        body: probe.event('email.replied', { reply_preview }),
      })),
    ),
});
