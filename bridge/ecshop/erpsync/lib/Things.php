<?php
/**
 * `GET {orders|customers|returns|tickets}.php`: one thing by its id, or page by page in the order of primary keys. Each
 * snapshot draws its own number, as one that is relayed does.
 */
class ErpSync_Things
{
    /** An answer stays below what a call to the shop may have. */
    const PAGE_BYTES = 900000;

    /** @var array kind => the raw time and the instant that a digest carries */
    private static $times = array(
        'order' => array('add_time', 'added_at'),
        'customer' => array('reg_time', 'registered_at'),
        'return' => array('return_time', 'returned_at'),
        'ticket' => array('msg_time', 'written_at'),
    );

    /** @var ErpSync_App */
    private $app;
    /** @var string */
    private $kind;
    /** @var ErpSync_Events */
    private $events;

    public function __construct(ErpSync_App $app, $kind)
    {
        $this->app = $app;
        $this->kind = $kind;
        $this->events = $app->events();
    }

    public function answer(ErpSync_ApiRequest $request)
    {
        $query = $request->query(array('id', 'stamp', 'after', 'limit', 'since', 'view'));
        if ($query->has('id')) {
            return $this->one($query->id('id'), $query->has('stamp') ? $query->queryInt('stamp', 0, PHP_INT_MAX) : null);
        }
        $after = $query->has('after') ? $query->id('after') : '0';
        $limit = $query->has('limit') ? $query->queryInt('limit', 1, 100) : 50;
        $since = $query->has('since') ? $query->queryInt('since', 0, PHP_INT_MAX) : 0;
        $view = $query->has('view') ? $query->choice('view', array('full', 'digest')) : 'full';
        return $view === 'full' ? $this->export($after, $limit, $since) : $this->digests($after, $limit, $since);
    }

    private function one($id, $stamp)
    {
        $found = $this->events->snapshot($this->kind, $id, $stamp);
        if ($found['is'] === 'not-ready') {
            throw new ErpSync_ApiProblem('busy', 'The thing is still being written.', 'Call again in a few seconds.');
        }
        $event = $found['is'] === 'event' ? $found['event'] : null;
        if ($event === null && $stamp !== null) {
            // What has just been deleted is not in the outbox yet.
            $collector = new ErpSync_Collector($this->app);
            $collector->collect();
            $event = $this->events->gone($this->kind, $id, $stamp);
        }
        if ($event === null) {
            throw new ErpSync_ApiProblem(
                'not-found',
                'The shop has no such thing.',
                'Compare the id; with a stamp, ask for an identity that the bridge has seen.'
            );
        }
        $this->app->counter->keepHighWater($event['version']['seq']);
        return array('event' => $event);
    }

    private function export($after, $limit, $since)
    {
        $ids = $this->events->page($this->kind, $after, $limit, $since);
        $events = array();
        $bytes = 0;
        $next = count($ids) < $limit ? null : (string) end($ids);
        $last = $after;
        $highest = 0;
        foreach ($this->events->snapshots($this->kind, $ids) as $id => $found) {
            if ($found['is'] === 'event') {
                $bytes += strlen(json_encode($found['event']));
                if ($bytes > self::PAGE_BYTES && $events !== array()) {
                    $next = (string) $last;
                    break;
                }
                $events[] = $found['event'];
                $highest = max($highest, $found['event']['version']['seq']);
            }
            $last = $id;
        }
        $this->app->counter->keepHighWater($highest);
        return array('epoch' => $this->app->state->get('epoch'), 'events' => $events, 'next' => $next);
    }

    private function digests($after, $limit, $since)
    {
        $ids = $this->events->page($this->kind, $after, $limit, $since);
        list($stamp, $at) = self::$times[$this->kind];
        $digests = array();
        foreach ($this->events->snapshots($this->kind, $ids) as $id => $found) {
            if ($found['is'] !== 'event') {
                continue;
            }
            $snapshot = $found['event']['snapshot'];
            $digests[] = array(
                'id' => (string) $id,
                'stamp' => $snapshot[$stamp],
                'hash' => $found['event']['hash'],
                'hashVersion' => $found['event']['hashVersion'],
                'at' => $snapshot[$at],
                'total' => $this->kind === 'order' ? self::total($snapshot) : null,
            );
        }
        return array(
            'epoch' => $this->app->state->get('epoch'),
            'digests' => $digests,
            'next' => count($ids) < $limit ? null : (string) end($ids),
        );
    }

    /** total_fee, as lib_order.php computes it. In fen, which a float holds exactly where 32 bits do not. */
    private static function total(array $order)
    {
        $fen = 0.0;
        $added = array('goods_amount', 'tax', 'shipping_fee', 'insure_fee', 'pay_fee', 'pack_fee', 'card_fee');
        foreach ($added as $part) {
            $fen += (float) str_replace('.', '', $order[$part]);
        }
        $fen -= (float) str_replace('.', '', $order['discount']);
        return sprintf('%.2F', $fen / 100);
    }
}
