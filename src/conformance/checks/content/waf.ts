/**
 * Legitimate text that looks like an attack.
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
  title: 'Accepts replies that look like attacks',
  requirement: {
    text: 'reply_preview is the plain text of a person’s reply and can contain anything',
    source: 'guide, "email.replied"',
  },
  cause:
    'A web application firewall or middleware rejects bodies by pattern, or the text is concatenated into a query.',
  fix: 'Exempt the webhook path from body rules: the signature authenticates the sender. Treat the text as data: bound parameters in SQL, escaping in HTML.',
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
