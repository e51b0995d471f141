<?php
/** When the shop reduces its stock, by its own settings, and the switch to the safe mode: only ever by a person's choice. */
class ErpSync_StockSwitch
{
    const PLACEMENT = 'placement';
    const SHIPMENT = 'shipment';
    const NONE = 'none';

    /** @var ErpSync_App */
    private $app;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
    }

    /** @return string one of the constants, read from the database: ECShop's own copy is a cache file */
    public function current()
    {
        $settings = array('use_storage' => '1', 'stock_dec_time' => '0');
        $rows = $this->app->db->rows(
            'SELECT code, value FROM {shop_config} WHERE code IN (?)',
            array(array_keys($settings))
        );
        foreach ($rows as $row) {
            $settings[$row['code']] = $row['value'];
        }
        if ($settings['use_storage'] !== '1') {
            return self::NONE;
        }
        return $settings['stock_dec_time'] === '1' ? self::PLACEMENT : self::SHIPMENT;
    }

    /** @return int orders that are open, for which the switch leaves the stock too high */
    public function openOrders()
    {
        return (int) $this->app->db->value(
            'SELECT COUNT(*) FROM {order_info} WHERE order_status IN (0, 1, 5, 6) AND shipping_status IN (0, 3, 4, 5)'
        );
    }

    public function toPlacement()
    {
        $this->app->db->exec('UPDATE {shop_config} SET value = ? WHERE code = ?', array('1', 'stock_dec_time'));
        if ($this->current() !== self::PLACEMENT) {
            throw new ErpSync_SetupError(
                'stock-mode',
                'The shop does not take the setting: stock management is off, or this ECShop has no such setting.',
                'Set it in the admin area under shop settings, stock management.'
            );
        }
        // ECShop reads its settings from a cached file there until it is gone.
        ErpSync_ShopCache::clear($this->app->config->root);
    }
}
