<?php
/** What every snapshot is made with. Its caches are for one pass: names of the shop must not stay stale for ever. */
class ErpSync_Source
{
    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Db */
    public $db;
    /** @var ErpSync_Columns */
    public $columns;
    /** @var ErpSync_Rows */
    public $rows;
    /** @var ErpSync_Regions */
    public $regions;
    /** @var ErpSync_Methods */
    public $methods;
    /** @var ErpSync_Packages */
    public $packages;
    /** @var ErpSync_Seen */
    public $seen;
    /** @var ErpSync_ShopTime|null */
    private $time = null;
    /** @var string|null */
    private $currency = null;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
        $this->db = $app->db;
        $this->columns = new ErpSync_Columns($app->db);
        $this->rows = new ErpSync_Rows($app->db, $this->columns);
        $this->regions = new ErpSync_Regions($app->db);
        $this->methods = new ErpSync_Methods($app->db);
        $this->packages = new ErpSync_Packages($app->db, $this->columns);
        $this->seen = new ErpSync_Seen($app->db);
    }

    /** @return ErpSync_ShopTime */
    public function time()
    {
        if ($this->time === null) {
            $this->time = $this->app->time();
        }
        return $this->time;
    }

    public function currency()
    {
        if ($this->currency === null) {
            $this->currency = $this->app->currency();
        }
        return $this->currency;
    }

    /** @return array country, province, city, district of a row, each with id and name */
    public function regions(ErpSync_Row $row)
    {
        return $this->regions->named(array(
            'country' => $row->id('country'),
            'province' => $row->id('province'),
            'city' => $row->id('city'),
            'district' => $row->id('district'),
        ));
    }

    /**
     * @param array $ids
     * @return array id => text of the column, in rows that have such a key
     */
    public function texts($key, $column, $table, array $ids)
    {
        $texts = array();
        $ids = self::real($ids);
        if ($ids === array() || $this->columns->of($table) === array()) {
            return $texts;
        }
        foreach ($this->db->rows(
            'SELECT ' . $key . ' AS id, ' . $column . ' AS text FROM {' . $table . '} WHERE ' . $key . ' IN (?)',
            array($ids)
        ) as $row) {
            $texts[$row['id']] = ErpSync_Text::clean($row['text']);
        }
        return $texts;
    }

    /**
     * @param array $ids orders
     * @return array id => order_sn, add_time
     */
    public function orders(array $ids)
    {
        $orders = array();
        $ids = self::real($ids);
        foreach ($ids === array() ? array() : $this->db->rows(
            'SELECT order_id, order_sn, add_time FROM {order_info} WHERE order_id IN (?)',
            array($ids)
        ) as $row) {
            $orders[$row['order_id']] = array(
                'order_sn' => ErpSync_Text::clean($row['order_sn']),
                'add_time' => (int) $row['add_time'],
            );
        }
        return $orders;
    }

    /** @return array without repetition and zero, which stands for none */
    private static function real(array $ids)
    {
        return array_values(array_diff(array_unique($ids), array('0')));
    }
}
