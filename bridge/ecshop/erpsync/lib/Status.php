<?php
/** How the installed bridge is doing, for people and for `cli.php status --json`. Names nobody and holds no secret. */
class ErpSync_Status
{
    /** Seconds after which an order that still has no lines is worth a look. */
    const NOT_READY_AFTER = 600;

    /** @return array fit for JSON */
    public static function of(ErpSync_App $app)
    {
        $state = $app->state;
        $counts = $app->outbox->counts();
        $stock = new ErpSync_StockSwitch($app);
        $now = time();
        return array(
            'version' => ErpSync_App::VERSION,
            'epoch' => $state->get('epoch'),
            'seq' => $app->counter->current(),
            'high_water' => $app->counter->highWater(),
            'shop_id' => $state->get('shop_id'),
            'webhook_url' => $state->get('webhook_url'),
            'public_url' => $state->get('public_url'),
            'currency' => $state->get('currency'),
            'capture' => $state->get('capture'),
            'triggers_missing' => $state->get('capture') === 'triggers' ? ErpSync_Triggers::missing($app->db) : array(),
            'stock_mode' => $stock->current(),
            'installed_at' => self::at($state->int('installed_at')),
            'pending' => $counts['pending'],
            'oldest_pending_at' => self::at((int) $counts['oldest']),
            'set_aside' => $counts['setAside'],
            'not_ready' => self::notReady($app, $now),
            'last_accepted_at' => self::at($state->int('last_accepted_at')),
            'last_error' => self::orNull($state->json('last_error')),
            'next_try_at' => $state->int('relay_not_before') > $now ? self::at($state->int('relay_not_before')) : null,
            'clock_offset' => $state->int('clock_offset'),
            'obstacle' => $app->obstacle(),
        );
    }

    /** @return array kind, id, deleted, at, code, field, message, remedy of what the service called invalid */
    public static function setAside(ErpSync_App $app, $limit)
    {
        $list = array();
        foreach ($app->outbox->setAsideRows($limit) as $row) {
            $problem = json_decode((string) $row['problem'], true);
            $problem = is_array($problem) ? $problem : array();
            $one = array(
                'kind' => $row['kind'],
                'id' => $row['thing_id'],
                'deleted' => $row['deleted'] === '1',
                'at' => self::at((int) $row['changed_at']),
            );
            foreach (array('code', 'field', 'message', 'remedy') as $part) {
                $one[$part] = isset($problem[$part]) && is_string($problem[$part]) ? $problem[$part] : '';
            }
            $list[] = $one;
        }
        return $list;
    }

    /** Orders whose lines never came: a checkout that died half-way, which is not reported. */
    private static function notReady(ErpSync_App $app, $now)
    {
        return (int) $app->db->value(
            'SELECT COUNT(*) FROM {erpsync_outbox} WHERE state = 0 AND changed_at < ? AND problem LIKE ?',
            array($now - self::NOT_READY_AFTER, '%"not-ready"%')
        );
    }

    private static function at($epoch)
    {
        return $epoch === 0 ? null : ErpSync_ShopTime::iso($epoch);
    }

    private static function orNull(array $problem)
    {
        return $problem === array() ? null : $problem;
    }
}
