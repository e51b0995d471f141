<?php
/**
 * Capture without triggers: new rows, orders that the admin area has acted upon, and a walk over what can still change.
 * Its cursors trail, so that what commits late is met again; what is met again unchanged is not put into the outbox.
 */
class ErpSync_Poller
{
    const PAGE = 100;
    /** Ids by which a cursor trails. */
    const TRAIL = 30;
    /** Seconds for which an order is looked at again after an action on it: the admin area writes the order after it, too. */
    const AFTER_ACTION = 600;
    /** Seconds between the end of a walk over open orders and the next. */
    const ORDERS_EVERY = 30;
    const OTHERS_EVERY = 600;
    const OPEN_DAYS = 45;

    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Comparison */
    private $comparison;
    /** @var array */
    private $cursors;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
        $this->comparison = new ErpSync_Comparison($app);
    }

    /** @param float $until microtime at which to stop; it goes on there next time */
    public function poll($until)
    {
        $this->cursors = $this->app->state->json('poll') + array('fresh' => array(), 'walks' => array());
        foreach (array_diff(ErpSync_Kinds::names(), array_keys($this->cursors['fresh'])) as $kind) {
            $this->cursors['fresh'][$kind] = ErpSync_Heads::before(
                $this->app->db,
                $kind,
                ErpSync_Comparison::historyUntil($this->app)
            );
        }
        $this->newThings($until) && $this->acted() && $this->walks($until);
        $this->app->state->set('poll', $this->cursors);
    }

    /** @return bool false if the time is over or another process is at it */
    private function newThings($until)
    {
        foreach (ErpSync_Kinds::names() as $kind) {
            do {
                $head = ErpSync_Kinds::head($kind);
                $after = $this->cursors['fresh'][$kind];
                $fetched = $this->app->db->rows(
                    'SELECT ' . $head['id'] . ' AS id, ' . ($kind === 'ticket' ? 'IF(parent_id > 0, parent_id, msg_id)' : $head['id'])
                    . ' AS thing FROM {' . $head['table'] . '} WHERE ' . $head['id'] . ' > ? ORDER BY ' . $head['id'] . ' LIMIT '
                    . self::PAGE,
                    array($after)
                );
                $things = array();
                foreach ($fetched as $row) {
                    $things[$row['thing']] = true;
                    $after = $row['id'];
                }
                if (!$this->comparison->things($kind, array_keys($things))) {
                    return false;
                }
                $isEnd = count($fetched) < self::PAGE;
                // Forward only: at the end it stays behind by the trail.
                $this->cursors['fresh'][$kind] = max(
                    (int) $this->cursors['fresh'][$kind],
                    $isEnd ? (int) $after - self::TRAIL : (int) $after
                );
                if (microtime(true) >= $until) {
                    return false;
                }
            } while (!$isEnd);
        }
        return true;
    }

    /** Orders with a new row in order_action: only a hint to look, its statuses are often not the order's. */
    private function acted()
    {
        if (!isset($this->cursors['action'])) {
            $this->cursors['action'] = (int) $this->app->db->value(
                'SELECT MAX(action_id) FROM {order_action} WHERE log_time < ?',
                array(ErpSync_Comparison::historyUntil($this->app))
            );
        }
        $rows = $this->app->db->rows(
            'SELECT action_id, order_id, log_time FROM {order_action} WHERE action_id > ? ORDER BY action_id LIMIT 500',
            array($this->cursors['action'])
        );
        $settled = $this->app->time()->toRaw(time() - self::AFTER_ACTION);
        $orders = array();
        $cursor = $this->cursors['action'];
        foreach ($rows as $row) {
            $orders[$row['order_id']] = true;
            if ((int) $row['log_time'] < $settled) {
                $cursor = (int) $row['action_id'];
            }
        }
        if (!$this->comparison->things('order', array_keys($orders), true)) {
            return false;
        }
        // More than fits: better to go on than to look at the same ones again.
        $this->cursors['action'] = count($rows) < 500 ? $cursor : (int) $rows[499]['action_id'];
        return true;
    }

    private function walks($until)
    {
        foreach (ErpSync_Kinds::names() as $kind) {
            $walk = isset($this->cursors['walks'][$kind])
                ? $this->cursors['walks'][$kind]
                : array('after' => null, 'ended' => 0);
            $pause = $kind === 'order' ? self::ORDERS_EVERY : self::OTHERS_EVERY;
            // Either way: a clock that was ahead must not stop the walks once it is set right.
            if ($walk['after'] === null && abs(time() - $walk['ended']) < $pause) {
                continue;
            }
            $since = $kind === 'order' ? $this->app->time()->toRaw(time() - self::OPEN_DAYS * 86400) : 0;
            if ($walk['after'] === null) {
                $walk['after'] = $kind === 'order' ? ErpSync_Heads::before($this->app->db, 'order', $since) : '0';
            }
            while ($walk['after'] !== null && microtime(true) < $until) {
                $next = $this->comparison->page($kind, $walk['after'], self::PAGE, $since, $kind === 'order' ? $this->isOpen() : '1 = 1');
                if ($next === false) {
                    break;
                }
                $walk['after'] = $next;
            }
            if ($walk['after'] === null) {
                $walk['ended'] = time();
            }
            $this->cursors['walks'][$kind] = $walk;
        }
        return true;
    }

    /** Cancelled, void and returned orders are done with, but a draft of the admin area is void at first. */
    private function isOpen()
    {
        return 'order_status NOT IN (2, 3, 4) AND NOT (shipping_status = 2 AND pay_status = 2) OR add_time >= '
            . (int) $this->app->time()->toRaw(time() - 2 * 86400);
    }
}
