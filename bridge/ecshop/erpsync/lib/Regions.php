<?php
/**
 * Names of `region`, completed as ERPs and carriers expect them: the lists that came with ECShop 2.7 say 安徽 and 安庆 where
 * the places are called 安徽省 and 安庆市 (GB/T 2260). Districts have their suffix there; other countries stay as they are.
 */
class ErpSync_Regions
{
    const CACHED = 500;

    /** @var array name without suffix => suffix; every other one is 省 */
    private static $provinces = array(
        '北京' => '市', '天津' => '市', '上海' => '市', '重庆' => '市',
        '内蒙古' => '自治区', '广西' => '壮族自治区', '西藏' => '自治区', '宁夏' => '回族自治区', '新疆' => '维吾尔自治区',
        '香港' => '特别行政区', '澳门' => '特别行政区',
        '河北' => '省', '山西' => '省', '辽宁' => '省', '吉林' => '省', '黑龙江' => '省', '江苏' => '省', '浙江' => '省',
        '安徽' => '省', '福建' => '省', '江西' => '省', '山东' => '省', '河南' => '省', '湖北' => '省', '湖南' => '省',
        '广东' => '省', '海南' => '省', '四川' => '省', '贵州' => '省', '云南' => '省', '陕西' => '省', '甘肃' => '省',
        '青海' => '省', '台湾' => '省',
    );

    /** @var array places of the second level that are no 市 */
    private static $prefectures = array(
        '大兴安岭' => '地区', '阿里' => '地区', '阿克苏' => '地区', '和田' => '地区', '喀什' => '地区', '塔城' => '地区',
        '阿勒泰' => '地区', '兴安' => '盟', '锡林郭勒' => '盟', '阿拉善' => '盟', '神农架' => '林区',
        '延边' => '朝鲜族自治州', '恩施' => '土家族苗族自治州', '湘西' => '土家族苗族自治州', '阿坝' => '藏族羌族自治州',
        '甘孜' => '藏族自治州', '凉山' => '彝族自治州', '黔东南' => '苗族侗族自治州', '黔南' => '布依族苗族自治州',
        '黔西南' => '布依族苗族自治州', '楚雄' => '彝族自治州', '红河' => '哈尼族彝族自治州', '文山' => '壮族苗族自治州',
        '西双版纳' => '傣族自治州', '大理' => '白族自治州', '德宏' => '傣族景颇族自治州', '怒江' => '傈僳族自治州',
        '迪庆' => '藏族自治州', '临夏' => '回族自治州', '甘南' => '藏族自治州', '海北' => '藏族自治州',
        '黄南' => '藏族自治州', '海南' => '藏族自治州', '果洛' => '藏族自治州', '玉树' => '藏族自治州',
        '海西' => '蒙古族藏族自治州', '昌吉' => '回族自治州', '博尔塔拉' => '蒙古自治州', '巴音郭楞' => '蒙古自治州',
        '克孜勒苏' => '柯尔克孜自治州', '伊犁' => '哈萨克自治州',
        '白沙' => '黎族自治县', '昌江' => '黎族自治县', '乐东' => '黎族自治县', '陵水' => '黎族自治县',
        '保亭' => '黎族苗族自治县', '琼中' => '黎族苗族自治县',
    );

    /** @var ErpSync_Db */
    private $db;
    /** @var array id => name as stored */
    private $names = array();

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /** @param array $ids region ids that will be asked for: one query for all of them */
    public function prepare(array $ids)
    {
        if (count($this->names) > self::CACHED) {
            $this->names = array();
        }
        $missing = array();
        foreach ($ids as $id) {
            if ($id !== '0' && !isset($this->names[$id])) {
                $missing[$id] = $id;
                $this->names[$id] = '';
            }
        }
        if ($missing === array()) {
            return;
        }
        $rows = $this->db->rows(
            'SELECT region_id, region_name FROM {region} WHERE region_id IN (?)',
            array(array_values($missing))
        );
        foreach ($rows as $row) {
            $this->names[$row['region_id']] = trim(ErpSync_Text::clean($row['region_name']));
        }
    }

    /**
     * @param array $ids country, province, city, district => id
     * @return array the same, each with id and name
     */
    public function named(array $ids)
    {
        $this->prepare($ids);
        $names = array();
        foreach ($ids as $level => $id) {
            $names[$level] = isset($this->names[$id]) ? $this->names[$id] : '';
        }
        $names = self::completed($names);
        $regions = array();
        foreach ($ids as $level => $id) {
            $regions[$level] = array('id' => $id, 'name' => $names[$level]);
        }
        return $regions;
    }

    /**
     * @param array $names country, province, city, district => name as stored
     * @return array the same, completed
     */
    public static function completed(array $names)
    {
        $isChina = in_array($names['country'], array('中国', '中华人民共和国', 'China'), true)
            || ($names['country'] === '' && isset(self::$provinces[$names['province']]));
        if ($isChina) {
            $names['city'] = self::city($names['city'], $names['province']);
            if (isset(self::$provinces[$names['province']])) {
                $names['province'] .= self::$provinces[$names['province']];
            }
        }
        return $names;
    }

    private static function city($name, $province)
    {
        // The lists put 香港 below 香港; what stands below Taiwan, Hong Kong and Macao otherwise is a district or a county.
        if (preg_match('/^(香港|澳门|台湾)/u', $province)) {
            return $name === '香港' || $name === '澳门' ? $name . '特别行政区' : $name;
        }
        if (isset(self::$prefectures[$name])) {
            return $name . self::$prefectures[$name];
        }
        $isComplete = preg_match('/(市|盟|地区|林区|县|区|旗|自治州)$/u', $name)
            || (preg_match('/^(.+)州$/u', $name, $stem) && isset(self::$prefectures[$stem[1]]));
        // 其他 and the like stand for no place.
        return $isComplete || !preg_match('/^(?!其[他它]|全部|不限)\p{Han}{2,}$/u', $name) ? $name : $name . '市';
    }
}
