<?php
/**
 * Sends what waits in the outbox to the service, and keeps each thing until its own event is answered. One process at a
 * time sends, under the lock `relay`; capture has a lock of its own, and the two are never held together, because servers
 * before MySQL 5.7 have one lock per connection.
 */
class ErpSync_Relay
{
    const MAX_EVENTS = 100;
    const MAX_BODY_BYTES = 900000;
    /** The service takes 1,048,576 bytes; a single event may need them. */
    const MAX_EVENT_BYTES = 1040000;
    /** Seconds that a refusal of everything may last at most before the next try. */
    const LONGEST_WAIT = 300;
    /** Seconds between two looks at the triggers. */
    const TRIGGERS_EVERY = 600;

    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Events */
    private $events;
    /** @var array */
    private $summary;
    /** @var array kind => ids of things that were gone when their snapshot was due */
    private $gone;
    /** @var bool whether the clock was set right in this run */
    private $hasSetClock;
    /** @var bool */
    private $isStopped = false;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
    }

    /**
     * @param float $seconds after which nothing new is begun
     * @param int $maxBytes that are sent at most, but one event at least
     * @return array accepted, notSubscribed, invalid, retry, notReady (numbers of things), bytes, and stopped: null, or code,
     *   message and remedy of why it did not send everything
     * @throws ErpSync_DbError if the database is lost
     */
    public function run($seconds, $maxBytes)
    {
        $began = microtime(true);
        $until = $began + $seconds;
        $this->summary = array(
            'accepted' => 0, 'notSubscribed' => 0, 'invalid' => 0, 'retry' => 0, 'notReady' => 0, 'bytes' => 0, 'stopped' => null,
        );
        $this->gone = array();
        $this->hasSetClock = false;
        $obstacle = $this->app->obstacle();
        if ($obstacle !== null) {
            return $this->stopped($obstacle);
        }
        $this->guarded('capture', $began + $seconds * 0.4);
        $this->send($until, $maxBytes);
        $this->guarded('followUp', $until);
        $this->guarded('sweep', min($until, microtime(true) + $seconds * 0.5));
        return $this->summary;
    }

    /**
     * Runs again and again with a second's pause, so that changes leave within seconds; survives a restart of the database.
     * Ends on SIGTERM or SIGINT after what it is just doing, and once the bridge is uninstalled.
     * @param int $seconds 0 = without end
     * @return array the last run's summary
     */
    public function watch($seconds = 0)
    {
        $root = $this->app->config->root;
        $end = $seconds > 0 ? microtime(true) + $seconds : INF;
        $this->listenToSignals();
        $failures = 0;
        while (true) {
            try {
                if ($this->app === null) {
                    $this->app = new ErpSync_App($root);
                }
                $summary = $this->run(min(20, max(1, $end - microtime(true))), 20 * self::MAX_BODY_BYTES);
                $failures = 0;
            } catch (Exception $error) {
                // Most of all "server has gone away". A new connection has new locks, and the old one's are free.
                $this->app = null;
                $failures++;
                $summary = array('stopped' => self::problem(
                    'no-database',
                    'The database cannot be reached.',
                    'Nothing is to be done if it comes back; the relay tries again.'
                ));
            }
            $code = $summary['stopped'] === null ? '' : $summary['stopped']['code'];
            if ($code === 'not-installed') {
                return $summary;
            }
            $this->pause($failures > 0 ? min(30, $failures) : 1, $end);
            if ($this->isStopped || microtime(true) >= $end) {
                return $summary;
            }
        }
    }

    /** @internal for signals */
    public function stop()
    {
        $this->isStopped = true;
    }

    private function listenToSignals()
    {
        if (function_exists('pcntl_signal') && function_exists('pcntl_signal_dispatch')) {
            pcntl_signal(SIGTERM, array($this, 'stop'));
            pcntl_signal(SIGINT, array($this, 'stop'));
        }
    }

    private function pause($seconds, $end)
    {
        $until = min($end, microtime(true) + $seconds);
        do {
            if (function_exists('pcntl_signal_dispatch')) {
                pcntl_signal_dispatch();
            }
            if ($this->isStopped) {
                return;
            }
            usleep(100000);
        } while (microtime(true) < $until);
    }

    /** What fails beside the sending is shown, and does not keep the rest from being sent. */
    private function guarded($what, $until)
    {
        try {
            $this->$what($until);
        } catch (ErpSync_DbError $error) {
            if (self::isLost($error)) {
                throw $error;
            }
            $this->showCaptureFault($error);
        } catch (Exception $error) {
            $this->showCaptureFault($error);
        } catch (Throwable $error) {
            $this->showCaptureFault($error);
        }
    }

    private function showCaptureFault($error)
    {
        $this->showError(self::problem(
            'capture-failed',
            'Changes cannot be collected: ' . self::place($error) . '.',
            'Run the check on the setup page. What is missed now, the nightly sweep finds.'
        ));
    }

    private static function isLost(ErpSync_DbError $error)
    {
        return in_array($error->getCode(), array(1053, 2002, 2003, 2006, 2013, 2055, 4031), true);
    }

    /** @internal through guarded() */
    private function capture($until)
    {
        $this->mendTriggers();
        $collector = new ErpSync_Collector($this->app);
        $collector->collect(5000, $until);
        if ($this->app->state->get('capture') !== 'triggers') {
            $poller = new ErpSync_Poller($this->app);
            $poller->poll($until);
        }
    }

    /** Panels that copy tables lose triggers, and a move can leave them with a creator who is gone. */
    private function mendTriggers()
    {
        $state = $this->app->state;
        if ($state->get('capture') !== 'triggers' || abs(time() - $state->int('triggers_checked_at')) < self::TRIGGERS_EVERY) {
            return;
        }
        $state->set('triggers_checked_at', time());
        if (ErpSync_Triggers::missing($this->app->db) === array() || !$this->app->db->lock('mend')) {
            return;
        }
        // What was written meanwhile is found by comparison, by a whole one: what a sweep under way has passed is missing.
        $state->set('sweep_at', 0);
        $state->forget('sweep');
        try {
            ErpSync_Triggers::install($this->app->db);
        } catch (ErpSync_SetupError $error) {
            if ($error->name !== 'tables-busy') {
                $state->set('capture', 'poll');
            }
            $this->showError(self::problem($error->name, $error->getMessage(), $error->remedy));
        }
        $this->app->db->unlock('mend');
    }

    /** @internal through guarded() */
    private function followUp()
    {
        if ($this->gone !== array()) {
            $comparison = new ErpSync_Comparison($this->app);
            foreach ($this->gone as $kind => $ids) {
                $comparison->things($kind, $ids);
            }
        }
    }

    /** @internal through guarded() */
    private function sweep($until)
    {
        $sweep = new ErpSync_Sweep($this->app);
        if ($sweep->isDue()) {
            $sweep->work($until);
        }
    }

    private function send($until, $maxBytes)
    {
        $notBefore = $this->app->state->int('relay_not_before');
        // A clock that was set back must not stop the relay for long.
        if ($notBefore > time() && $notBefore <= time() + 2 * self::LONGEST_WAIT) {
            $last = $this->app->state->json('last_error');
            return $this->stopped($last === array() ? self::problem('waiting', 'The relay waits before it tries again.', '') : $last);
        }
        if (!$this->app->db->lock('relay')) {
            return $this->stopped(self::problem('busy', 'Another relay is at work.', ''));
        }
        try {
            $this->events = $this->app->events();
            do {
                $goesOn = $this->pass($until, $maxBytes);
            } while ($goesOn && microtime(true) < $until && $this->summary['bytes'] < $maxBytes);
        } catch (ErpSync_SetupError $error) {
            $this->backOff(self::problem($error->name, $error->getMessage(), $error->remedy));
        } catch (Exception $error) {
            $this->app->db->unlock('relay');
            throw $error;
        }
        $this->app->db->unlock('relay');
    }

    /** @return bool whether there may be more to send now */
    private function pass($until, $maxBytes)
    {
        $rows = $this->app->outbox->due($this->batchLimit(), time());
        if ($rows === array()) {
            return false;
        }
        $packed = $this->packed($rows);
        if ($packed === array()) {
            return true;
        }
        $highest = 0;
        foreach ($packed as $item) {
            $highest = max($highest, $item['seq']);
        }
        $this->app->counter->keepHighWater($highest);
        while ($packed !== array() && microtime(true) < $until) {
            $room = max(1, min(self::MAX_BODY_BYTES, $maxBytes - $this->summary['bytes']));
            $batch = array();
            $bytes = 0;
            while ($packed !== array() && ($batch === array() || $bytes + strlen($packed[0]['json']) < $room)) {
                $bytes += strlen($packed[0]['json']) + 1;
                $batch[] = array_shift($packed);
            }
            if (!$this->post($batch, $until)) {
                return false;
            }
            if ($this->summary['bytes'] >= $maxBytes) {
                return false;
            }
        }
        return true;
    }

    /** @return array of row, json and seq: the events of all rows that have one now; the other rows are dealt with */
    private function packed(array $rows)
    {
        $found = array();
        $ids = array();
        foreach ($rows as $row) {
            if ($row['deleted'] === '0') {
                $ids[$row['kind']][] = $row['thing_id'];
            }
        }
        foreach ($ids as $kind => $those) {
            $found[$kind] = $this->snapshots($kind, $those);
        }
        $packed = array();
        foreach ($rows as $row) {
            // Where one of a kind failed, each is read for itself.
            $isRead = $row['deleted'] === '0' && $found[$row['kind']] !== null;
            $event = $isRead ? $this->eventOf($row, $found[$row['kind']][$row['thing_id']]) : $this->event($row);
            $json = $event === null ? '' : (string) json_encode($event);
            if ($event !== null && $json === '') {
                $this->setBack($row, self::problem('no-json', 'A snapshot cannot be written as JSON (error ' . json_last_error() . ').', 'Report this with the versions that the check prints.'));
            } elseif (strlen($json) > self::MAX_EVENT_BYTES) {
                $this->setAside($row, self::tooLarge());
            } elseif ($event !== null) {
                $packed[] = array('row' => $row, 'json' => $json, 'seq' => $event['version']['seq']);
            }
        }
        return $packed;
    }

    /** @return array|null null if it failed */
    private function snapshots($kind, array $ids)
    {
        try {
            return $this->events->snapshots($kind, $ids, true);
        } catch (ErpSync_DbError $error) {
            $this->rollBack($error);
        } catch (Exception $error) {
            return null;
        } catch (Throwable $error) {
            return null;
        }
        return null;
    }

    /** @return array|null event; null if it has none now, or failed: then the row is set back */
    private function event(array $row)
    {
        try {
            if ($row['deleted'] === '0') {
                return $this->eventOf($row, $this->events->snapshot($row['kind'], $row['thing_id'], null, true));
            }
            $payload = json_decode((string) $row['payload'], true);
            return $this->events->tombstone($row['kind'], $row['thing_id'], $row['stamp'], is_array($payload) ? $payload : array());
        } catch (ErpSync_DbError $error) {
            $this->rollBack($error);
            $this->setBack($row, self::fault($error));
        } catch (Exception $error) {
            $this->setBack($row, self::fault($error));
        } catch (Throwable $error) {
            $this->setBack($row, self::fault($error));
        }
        return null;
    }

    /** The failed statement may have been in a transaction. @throws ErpSync_DbError if the connection is lost */
    private function rollBack(ErpSync_DbError $error)
    {
        if (self::isLost($error)) {
            throw $error;
        }
        $this->app->db->exec('ROLLBACK');
    }

    private static function fault($error)
    {
        return self::problem('snapshot-failed', 'A snapshot failed: ' . self::place($error) . '.', 'It is tried again; report this if it stays.');
    }

    /** Where it failed, without its words, which may quote what was read; those of a DbError never do. */
    private static function place($error)
    {
        return $error instanceof ErpSync_DbError
            ? $error->getMessage()
            : get_class($error) . ' in ' . basename($error->getFile()) . ':' . $error->getLine();
    }

    /** @return array|null event */
    private function eventOf(array $row, array $found)
    {
        if ($found['is'] === 'event') {
            return $found['event'];
        }
        if ($found['is'] === 'not-ready') {
            $this->summary['notReady']++;
            $this->app->outbox->postpone($row, time() + min(60, self::doubled(2, $row['attempts'])), self::problem(
                'not-ready',
                'The order has no lines.',
                'Nothing, if it was placed just now. If it stays so, the checkout broke off: complete or delete the order.'
            ));
            return null;
        }
        $this->app->outbox->relayed($row);
        $this->gone[$row['kind']][] = $row['thing_id'];
        return null;
    }

    /** @return bool whether to go on */
    private function post(array $batch, $until)
    {
        $json = array();
        foreach ($batch as $item) {
            $json[] = $item['json'];
        }
        $body = '{"events":[' . implode(',', $json) . ']}';
        $state = $this->app->state;
        $client = new ErpSync_WebhookClient($state->get('webhook_url'), $state->get('webhook_secret'));
        $timeout = min(30, max(4, (int) ceil($until - microtime(true))));
        $this->summary['bytes'] += strlen($body);
        $result = $client->post($body, $state->int('clock_offset'), $timeout);
        $answer = $result['answer'] === null ? array() : $result['answer'];
        $code = isset($answer['code']) && is_string($answer['code']) ? $answer['code'] : '';
        if ($result['status'] === 401 && $code === 'wrong-clock' && !$this->hasSetClock) {
            $serverTime = isset($answer['serverTime']) && is_string($answer['serverTime']) ? strtotime($answer['serverTime']) : false;
            if ($serverTime !== false) {
                $this->hasSetClock = true;
                $state->set('clock_offset', $serverTime - time());
                return $this->post($batch, $until);
            }
        }
        if ($result['status'] === 413) {
            return $this->postHalves($batch, $until);
        }
        if ($result['status'] === 409 && $code === 'wrong-epoch') {
            $problem = self::refusal($result, $code) + array('at' => ErpSync_ShopTime::iso(time()));
            $state->set('paused', $problem);
            $this->stopped($problem);
            return false;
        }
        if ($result['status'] < 200 || $result['status'] > 299 || !isset($answer['results']) || !is_array($answer['results'])) {
            $this->backOff(self::refusal($result, $code));
            return false;
        }
        $this->record($batch, $answer['results']);
        return true;
    }

    private function postHalves(array $batch, $until)
    {
        if (count($batch) === 1) {
            $this->setAside($batch[0]['row'], self::tooLarge());
            return true;
        }
        $half = (int) ceil(count($batch) / 2);
        // Something between here and there takes less than the service; it is asked again after a day.
        $this->app->state->set('batch_limit', array('events' => $half, 'at' => time()));
        foreach (array_chunk($batch, $half) as $part) {
            if (!$this->post($part, $until)) {
                return false;
            }
        }
        return true;
    }

    private function batchLimit()
    {
        $limit = $this->app->state->json('batch_limit');
        return isset($limit['events']) && time() - $limit['at'] < 86400 ? max(1, $limit['events']) : self::MAX_EVENTS;
    }

    private function record(array $batch, array $results)
    {
        $byIndex = array();
        foreach ($results as $result) {
            if (is_array($result) && isset($result['index'], $result['result']) && is_int($result['index'])) {
                $byIndex[$result['index']] = $result;
            }
        }
        $hasTaken = false;
        foreach ($batch as $index => $item) {
            $result = isset($byIndex[$index]) ? $byIndex[$index] : array('result' => '');
            switch ($result['result']) {
                case 'accepted':
                case 'not-subscribed':
                    $hasTaken = true;
                    $this->summary[$result['result'] === 'accepted' ? 'accepted' : 'notSubscribed']++;
                    $this->app->outbox->relayed($item['row']);
                    break;
                case 'invalid':
                    $this->setAside($item['row'], self::told($result));
                    break;
                case 'retry':
                    $this->setBack($item['row'], self::told($result));
                    break;
                default:
                    $this->setBack($item['row'], self::problem(
                        'not-answered',
                        'The service did not say what became of this event.',
                        'It is sent again.'
                    ));
            }
        }
        if ($hasTaken) {
            $state = $this->app->state;
            $state->set('last_accepted_at', time());
            foreach (array('relay_failures', 'relay_not_before', 'last_error') as $name) {
                $state->forget($name);
            }
        }
    }

    private function setAside(array $row, array $problem)
    {
        $this->summary['invalid']++;
        $this->app->outbox->setAside($row, $problem);
    }

    private function setBack(array $row, array $problem)
    {
        $this->summary['retry']++;
        $seconds = ErpSync_Random::scatter(min(self::LONGEST_WAIT, self::doubled(5, $row['attempts'])));
        $this->app->outbox->postpone($row, time() + $seconds, $problem);
    }

    /** Nothing of the request was taken: everything waits, longer each time. */
    private function backOff(array $problem)
    {
        $state = $this->app->state;
        $failures = $state->int('relay_failures');
        $state->set('relay_failures', $failures + 1);
        $seconds = ErpSync_Random::scatter(min(self::LONGEST_WAIT, self::doubled(5, $failures)));
        $state->set('relay_not_before', time() + min(self::LONGEST_WAIT, $seconds));
        $this->showError($problem);
        $this->stopped($problem);
    }

    private function showError(array $problem)
    {
        $this->app->state->set('last_error', $problem + array('at' => ErpSync_ShopTime::iso(time())));
    }

    private function stopped(array $problem)
    {
        $this->summary['stopped'] = $problem;
        return $this->summary;
    }

    private static function doubled($seconds, $times)
    {
        return (int) ($seconds * pow(2, min(10, (int) $times)));
    }

    /** What the service says of one event. */
    private static function told(array $result)
    {
        $problem = array();
        foreach (array('code', 'field', 'message', 'remedy') as $name) {
            $problem[$name] = isset($result[$name]) && is_string($result[$name]) ? $result[$name] : '';
        }
        return $problem;
    }

    private static function refusal(array $result, $code)
    {
        $answer = $result['answer'];
        if ($code !== '') {
            return self::problem(
                $code,
                isset($answer['detail']) && is_string($answer['detail']) ? $answer['detail'] : 'The service refused everything.',
                isset($answer['remedy']) && is_string($answer['remedy']) ? $answer['remedy'] : ''
            );
        }
        $status = $result['status'];
        if ($status === 0) {
            $remedy = $result['failure'] === 'tls-failed'
                ? 'Update the CA certificates of PHP (curl.cainfo, openssl.cafile) and OpenSSL.'
                : 'Nothing, if it passes; everything is kept. Else run the check on the setup page.';
            return self::problem((string) $result['failure'], 'The service cannot be reached or does not answer.', $remedy);
        }
        if ($status >= 200 && $status < 300) {
            return self::problem('unreadable-answer', 'Something else than the service answers there (HTTP ' . $status . ').', 'Compare the webhook address with the output of the deployment.');
        }
        return self::problem('http-' . $status, 'The service answers with HTTP ' . $status . '.', 'Nothing, if it passes; everything is kept. Else compare the webhook address with the output of the deployment.');
    }

    private static function tooLarge()
    {
        return self::problem('too-large', 'Its event is larger than a request may be.', 'Split the order in the shop or enter it in the ERP by hand.');
    }

    private static function problem($code, $message, $remedy)
    {
        return array('code' => $code, 'message' => $message, 'remedy' => $remedy);
    }
}
