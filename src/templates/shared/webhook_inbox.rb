# frozen_string_literal: true

require 'json'
require 'openssl'
require 'sqlite3'

# An inbox for SendEmAll's webhooks: verifies the signature over the raw bytes, keeps each event once, and hands it to
# your code after the response. What is waiting survives a restart; what fails is tried again, later each time.
#
# One process works on the events, with any number of threads for requests. With several processes (WEB_CONCURRENCY),
# run the work in a job queue.
class WebhookInbox
  MAX_BYTES = 1_000_000
  MAX_DELAY_SECONDS = 3600

  # Whether the test hook is open: never in production.
  TEST_HOOKS = ENV['SENDEMALL_TEST_HOOKS'] == '1'

  # Settings: SENDEMALL_SECRET; WEBHOOK_DATABASE (webhooks.db). The block is your work, run once for each event; let it
  # raise when it fails.
  def initialize(&handle_event)
    @secret = ENV['SENDEMALL_SECRET'].to_s
    raise 'SENDEMALL_SECRET is not set. Set it in the environment.' if @secret.empty?

    @handle_event = handle_event
    @mutex = Mutex.new
    @wake = Queue.new
    @database = SQLite3::Database.new(ENV.fetch('WEBHOOK_DATABASE', 'webhooks.db'))
    @database.busy_timeout = 5000
    @database.execute_batch(<<~SQL)
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS events (
        id TEXT PRIMARY KEY, body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_at REAL,
        done INTEGER NOT NULL DEFAULT 0
      );
      CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE due_at IS NOT NULL;
    SQL
    Thread.new { loop { work } }
  end

  # Takes one request. Returns the status to respond with: 200 says that the event is safe; anything but 2xx makes the
  # provider send it again.
  #
  # body: the raw bytes; signature: the header X-SendEmAll-Signature, or nil
  def accept(body, signature)
    return 413 if body.bytesize > MAX_BYTES
    return 401 unless signed?(body, signature)

    event = parse(body)
    return 400 if event.nil?

    query('INSERT INTO events (id, body, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
          event['id'], JSON.generate(event), Time.now.to_f)
    @wake << true
    200
  end

  # For tests: how often this event's work was done.
  def effects(id)
    query('SELECT done FROM events WHERE id = ?', id).dig(0, 0) || 0
  end

  private

  def signed?(body, signature)
    expected = "sha256=#{OpenSSL::HMAC.hexdigest('SHA256', @secret, body)}"
    given = signature.to_s.b
    # fixed_length_secure_compare raises when the lengths differ.
    given.bytesize == expected.bytesize && OpenSSL.fixed_length_secure_compare(given, expected)
  end

  # An event, or nil: what is signed but no event can never be processed.
  def parse(body)
    event = JSON.parse(body.dup.force_encoding(Encoding::UTF_8).scrub.delete_prefix("\uFEFF"))
    event if event.is_a?(Hash) && event['event'].is_a?(String) && event['id'].is_a?(String)
  rescue JSON::ParserError
    nil
  end

  def query(statement, *values)
    @mutex.synchronize { @database.execute(statement, values) }
  end

  def work
    id, body, tries, due_at = query(<<~SQL).first
      SELECT id, body, tries, due_at FROM events WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1
    SQL
    return wait(due_at) if due_at.nil? || due_at > Time.now.to_f

    process(id, JSON.parse(body), tries)
  rescue StandardError => e
    # The database is locked or full: the event is still there.
    warn "the inbox failed, and goes on: #{e.message}"
    sleep 1
  end

  # Until an event comes, or the next one is due.
  def wait(due_at)
    if due_at.nil?
      @wake.pop
    else
      sleep [due_at - Time.now.to_f, 1].min.clamp(0, 1)
    end
    @wake.clear
  end

  def process(id, event, tries)
    @handle_event.call(event)
    query('UPDATE events SET due_at = NULL, done = done + 1 WHERE id = ?', id)
  rescue StandardError => e
    warn "#{id} failed, and will be tried again: #{e.message}"
    delay = [2**[tries, 12].min, MAX_DELAY_SECONDS].min
    query('UPDATE events SET tries = tries + 1, due_at = ? WHERE id = ?', Time.now.to_f + delay, id)
  end
end
