<?php
/** `GET health.php`: what the bridge and the shop are, answered even where nothing else is, and then saying why. */
class ErpSync_Health
{
    /** @var ErpSync_App */
    private $app;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
    }

    public function answer(ErpSync_ApiRequest $request)
    {
        $request->query(array());
        $state = $this->app->state;
        $counts = $this->app->outbox->counts();
        $time = $this->app->time();
        $stock = new ErpSync_StockSwitch($this->app);
        $version = ErpSync_ShopVersion::of($this->app);
        $accepted = $state->int('last_accepted_at');
        return array(
            'bridge' => array(
                'version' => ErpSync_App::VERSION,
                'capture' => $state->get('capture') === 'triggers' ? 'triggers' : 'poll',
                'features' => ErpSync_App::features(),
            ),
            'platform' => array(
                'name' => 'ecshop',
                'version' => $version === '' ? 'unknown' : $version,
                'php' => PHP_VERSION,
                'database' => (string) $this->app->db->value('SELECT VERSION()'),
                'charset' => $this->app->config->charset,
            ),
            'epoch' => $state->get('epoch'),
            'seq' => $this->app->counter->current(),
            'clock' => array('now' => ErpSync_ShopTime::iso(time()), 'raw_offset' => $time->offset()),
            'currency' => $this->app->currency(),
            'stock_mode' => $stock->current(),
            'relay' => array(
                'paused' => self::problem($this->app->obstacle()),
                'pending' => $counts['pending'],
                'set_aside' => $counts['setAside'],
                'oldest_pending_at' => $counts['oldest'] === null ? null : ErpSync_ShopTime::iso($counts['oldest']),
                'last_accepted_at' => $accepted === 0 ? null : ErpSync_ShopTime::iso($accepted),
                'last_error' => self::problem($state->json('last_error')),
            ),
        );
    }

    /** @return array|null code, message and remedy as texts, whatever else was kept with them */
    private static function problem($kept)
    {
        if (!is_array($kept) || !isset($kept['code'])) {
            return null;
        }
        $problem = array();
        foreach (array('code', 'message', 'remedy') as $name) {
            $problem[$name] = isset($kept[$name]) ? (string) $kept[$name] : '';
        }
        return $problem;
    }
}
